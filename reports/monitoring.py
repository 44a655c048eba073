"""What reports add to /metrics."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from reports.choices import ReportState
from reports.models import Report
from tracker import gauges, queues
from tracker.gauges import count_by
from tracker.queues import Queue, age_of_first


def report_wait_seconds() -> float:
    """How long the oldest report that nobody makes yet has waited; 0 where none does."""
    return age_of_first(Report.objects.filter(state=ReportState.PENDING).order_by("created_at"), "created_at")


def _collect() -> Iterator[Metric]:
    reports = GaugeMetricFamily("tracker_reports", "Reports by state.", labels=["state"])
    for state, count in count_by(Report._meta.db_table, "state").items():
        reports.add_metric([state], count)
    wait = GaugeMetricFamily("tracker_report_wait_seconds", "Wait of the oldest report that nobody makes yet.")
    wait.add_metric([], report_wait_seconds())
    yield from (reports, wait)


queues.register(Queue("reports", "Reports", "run_reports", report_wait_seconds, is_held_back=True))
gauges.register("reports", _collect)
