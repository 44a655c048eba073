"""What beat calls, and what services ring for. Each looks in the database for its work, so any ring may be lost."""

from contextlib import suppress
from typing import Any

from celery import shared_task

from reports.services.daily_stats import advance_daily_stats, refresh_daily_stats
from reports.services.report_mailings import post_ready_reports
from reports.services.report_runs import run_due_reports
from reports.services.report_schedules import order_due_reports
from reports.services.watching import MAX_RUN_SECONDS
from tracker.exceptions import Conflict
from tracker.heartbeats import run_sweep

# All days of a long history take minutes.
DAILY_SOFT_LIMIT_SECONDS = 25 * 60
# One report may begin at the last moment, and has its whole time then.
SOFT_LIMIT_SECONDS = int(MAX_RUN_SECONDS) + 60


@shared_task(name="reports.sweeps.run_reports", soft_time_limit=SOFT_LIMIT_SECONDS, time_limit=SOFT_LIMIT_SECONDS + 30)
def run_reports() -> int:
    """Asks for the reports of schedules that have come round, makes those that wait, and posts the letters about those
    that have ended; answers how many ended."""
    with run_sweep("run_reports") as run:
        order_due_reports()
        try:
            run.rows = run_due_reports()
        finally:
            post_ready_reports()
    return run.rows


@shared_task(name="reports.sweeps.generate_report")
def generate_report(**order: Any) -> int:
    """A bell for schedules of reports: what is to be made stands in their rows, so that a message that is lost, late or
    doubled changes nothing. Answers how many reports were asked for."""
    with run_sweep("generate_report") as run:
        run.rows = order_due_reports()
    return run.rows


@shared_task(
    name="reports.sweeps.aggregate_daily",
    soft_time_limit=DAILY_SOFT_LIMIT_SECONDS,
    time_limit=DAILY_SOFT_LIMIT_SECONDS + 30,
)
def aggregate_daily() -> int:
    """Brings the daily figures up to now; answers how many rows it wrote."""
    with run_sweep("aggregate_daily") as run, suppress(Conflict):
        run.rows = advance_daily_stats().written
    return run.rows


@shared_task(
    name="reports.sweeps.rebuild_daily",
    soft_time_limit=DAILY_SOFT_LIMIT_SECONDS,
    time_limit=DAILY_SOFT_LIMIT_SECONDS + 30,
)
def rebuild_daily() -> int:
    """Makes all daily figures anew; answers how many rows were not right."""
    with run_sweep("rebuild_daily") as run, suppress(Conflict):
        run.rows = refresh_daily_stats().written
    return run.rows
