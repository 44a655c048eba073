"""What the database knows, asked when /metrics is: sweeps, and what each package registers."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection
from django_celery_beat.models import PeriodicTask
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from tracker import clock, schedules
from tracker.models import SweepHeartbeat

ANSWERS_ARE_FRESH_SECONDS = 10.0
EXACT_BELOW_ROWS = 100_000
Collect = Callable[[], Iterable[Metric]]
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Cached:
    collect: Collect
    families: list[Metric]
    asked_at: float = float("-inf")


_collectors: dict[str, _Cached] = {}
_totals: dict[str, Callable[[], int]] = {}
_lock = threading.Lock()


def register(name: str, collect: Collect) -> None:
    """Adds a package's figures; they are asked for at most every ten seconds per process."""
    _collectors[name] = _Cached(collect, [])


def register_total(name: str, count: Callable[[], int]) -> None:
    """Names a number that the JSON form of /metrics carries."""
    _totals[name] = count


def totals() -> dict[str, int]:
    """The registered numbers."""
    return {name: count() for name, count in _totals.items()}


def collect_gauges() -> Iterator[Metric]:
    """All figures of the database, none older than ten seconds. A package that fails leaves the others' alone.

    Raises:
        OperationalError, InterfaceError: the database is away, so that there is no use in asking on.
    """
    with _lock:
        for name, cached in _collectors.items():
            if time.monotonic() - cached.asked_at > ANSWERS_ARE_FRESH_SECONDS:
                cached.families, cached.asked_at = _ask(name, cached.collect), time.monotonic()
            yield from cached.families


def _ask(name: str, collect: Collect) -> list[Metric]:
    try:
        return list(collect())
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("Figures could not be collected.", extra={"operation": name})
        return []


def estimate_rows(table: str) -> int:
    """How many rows a table has: exactly while it is small, by the planner's statistics beyond."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        estimated = int(cursor.fetchone()[0])
        if estimated >= EXACT_BELOW_ROWS:
            return estimated
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table of ours
        return int(cursor.fetchone()[0])


def count_by(table: str, column: str) -> dict[str, int]:
    """How many rows have which value of a column of few values: exactly while the table is small, by statistics beyond.

    A count over millions of rows at each scrape would cost more than all else that the database does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        rows = int(cursor.fetchone()[0])
        if rows >= EXACT_BELOW_ROWS:
            cursor.execute(
                "SELECT unnest(most_common_vals::text::text[]), unnest(most_common_freqs) FROM pg_stats"
                " WHERE schemaname = current_schema() AND tablename = %s AND attname = %s",
                [table, column],
            )
            return {value: round(share * rows) for value, share in cursor.fetchall()}
        quote = connection.ops.quote_name
        cursor.execute(f"SELECT {quote(column)}, count(*) FROM {quote(table)} GROUP BY 1")  # noqa: S608 - names of ours
        return {str(value): int(count) for value, count in cursor.fetchall()}


def _collect_sweeps() -> Iterator[Metric]:
    lag = GaugeMetricFamily("tracker_sweep_lag_seconds", "Time since the sweep last finished.", labels=["sweep"])
    last = GaugeMetricFamily("tracker_sweep_last_duration_seconds", "Duration of the last run.", labels=["sweep"])
    failing = GaugeMetricFamily("tracker_sweep_failing", "1 where the last run failed.", labels=["sweep"])
    runs = CounterMetricFamily("tracker_sweep_runs", "Runs so far.", labels=["sweep"])
    rows = CounterMetricFamily("tracker_sweep_rows", "Rows dealt with so far.", labels=["sweep"])
    seconds = CounterMetricFamily("tracker_sweep_duration_seconds", "Time spent so far.", labels=["sweep"])
    interval = GaugeMetricFamily("tracker_sweep_interval_seconds", "How often it is to run.", labels=["sweep"])
    for sweep, every in _read_intervals().items():
        interval.add_metric([sweep], every)
    now = clock.now()
    for beat in SweepHeartbeat.objects.all():
        if beat.finished_at is not None:
            lag.add_metric([beat.name], max(0.0, (now - beat.finished_at).total_seconds()))
        last.add_metric([beat.name], beat.duration_seconds)
        failing.add_metric([beat.name], float(bool(beat.last_error)))
        runs.add_metric([beat.name], beat.runs_total)
        rows.add_metric([beat.name], beat.rows_total)
        seconds.add_metric([beat.name], beat.duration_seconds_total)
    yield from (lag, last, interval, failing, runs, rows, seconds)


def _read_intervals() -> dict[str, float]:
    """The seconds between two runs of each shipped schedule; one that is switched off has none."""
    shipped = schedules.default_schedules()
    rows = PeriodicTask.objects.filter(name__in=shipped, enabled=True).select_related("interval", "crontab")
    whens = {shipped[row.name].sweep: schedules.read_when(row) for row in rows}
    return {sweep: when.seconds if isinstance(when, schedules.Every) else 86400.0 for sweep, when in whens.items()}


register("sweeps", _collect_sweeps)
