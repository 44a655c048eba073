"""Is Tracker well? `/health`: may this process serve. `/healthz`: does everything that must work, work.

Answers hold one word per check, never a host name or the text of an exception. Liveness of worker and beat is read
from the rows they write: who cannot reach the database is not alive in any way that helps.
"""

import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_celery_beat.models import PeriodicTask
from kombu import Producer
from kombu.transport.redis import Transport as RedisTransport

from tracker import clock, heartbeats, partitions, schedules
from tracker.celery import app as celery_app
from tracker.models import SweepHeartbeat
from tracker.realtime.hub import HUB
from tracker.schedules import Every
from tracker.schema_state import GATE

CHECK_SECONDS = 2.0
REPORT_IS_FRESH_SECONDS = 1.0
STATEMENT_TIMEOUT_MILLISECONDS = 1500
BEAT_IS_LATE_AFTER = timedelta(seconds=30)
WORKER_IS_LATE_AFTER = timedelta(seconds=90)
SAFETY_NET_IS_LATE_AFTER = timedelta(seconds=20)
SWEEP_GRACE = timedelta(seconds=10)
LOW_DISK_SHARE, LOW_DISK_BYTES = 0.03, 200 * 1024 * 1024


class Grade(StrEnum):
    """How a part does, best first."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One part. `probe` runs in a thread with its own database connection; an exception or no answer in time is a
    failure. A part that is not vital degrades the whole at worst."""

    name: str
    probe: Callable[[], Grade]
    is_vital: bool


_checks: dict[str, Check] = {}
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")
_lock = Lock()
_last: tuple[float, dict[str, Grade]] = (float("-inf"), {})


def register(*checks: Check) -> None:
    """Adds a package's checks to /healthz."""
    _checks.update({check.name: check for check in checks})


def find_checks(names: Iterable[str]) -> list[Check]:
    """The registered checks of these names, so far as there are any."""
    return [_checks[name] for name in names if name in _checks]


def run_checks(checks: Iterable[Check]) -> dict[str, Grade]:
    """As `ask_probes`, but a check that is not vital never says `failed`."""
    asked = list(checks)
    modest = {check.name for check in asked if not check.is_vital}
    return {
        name: Grade.DEGRADED if grade is Grade.FAILED and name in modest else grade
        for name, grade in ask_probes(asked).items()
    }


def ask_probes(checks: Iterable[Check]) -> dict[str, Grade]:
    """Runs checks side by side, each for at most two seconds; what each says of itself."""
    running: list[tuple[Check, Future[Grade]]] = [(check, _threads.submit(_run, check.probe)) for check in checks]
    deadline = time.monotonic() + CHECK_SECONDS
    grades = {}
    for check, future in running:
        try:
            grade = future.result(max(0.0, deadline - time.monotonic()))
        except FutureTimeoutError:
            future.cancel()
            grade = Grade.FAILED
        grades[check.name] = grade
    return grades


def summarise(grades: Iterable[Grade]) -> Grade:
    """The worst of all."""
    found = set(grades)
    return next((grade for grade in (Grade.FAILED, Grade.DEGRADED) if grade in found), Grade.OK)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """May this process serve? Without its database it may not, and when it is about to end nobody should begin."""
    ending = {"ending": Grade.FAILED} if HUB.is_closing else {}
    return _answer(run_checks([DATABASE]) | ending)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Every check; repeated calls within a second share one answer, so that asking often costs nothing."""
    global _last
    with _lock:
        asked_at, grades = _last
        if time.monotonic() - asked_at > REPORT_IS_FRESH_SECONDS:
            grades = run_checks(_checks.values())
            _last = (time.monotonic(), grades)
    return _answer(grades)


def _answer(grades: dict[str, Grade]) -> JsonResponse:
    status = summarise(grades.values())
    return JsonResponse({"status": status, "checks": grades}, status=503 if status is Grade.FAILED else 200)


def _run(probe: Callable[[], Grade]) -> Grade:
    try:
        return probe()
    except Exception:
        # Any exception means the same here, and its text is for the log of whoever raised it.
        return Grade.FAILED
    finally:
        connection.close()


def _check_database() -> Grade:
    # For this transaction alone: behind a pooler the session is somebody else's a moment later.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(STATEMENT_TIMEOUT_MILLISECONDS)])
        cursor.execute("SELECT 1")
    # One that this code cannot work with yet is as good as none.
    return Grade.OK if GATE.is_open() else Grade.FAILED


def _check_broker() -> Grade:
    """Also writes: a Valkey that is full or a replica, and a RabbitMQ short of memory, answer and take nothing."""
    with celery_app.connection_for_write(connect_timeout=1) as broker:
        options = {"socket_timeout": 1, "socket_connect_timeout": 1, "confirm_publish": True}
        broker.transport_options = {**(broker.transport_options or {}), **options}
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=int(CHECK_SECONDS))
        if isinstance(broker.transport, RedisTransport):
            channel: Any = broker.default_channel
            channel.client.set("health", b"1", ex=60)
        else:
            # RabbitMQ confirms what leads to no queue and forgets it.
            producer = Producer(broker.default_channel)
            producer.publish(b"", exchange="", routing_key="tracker.health", timeout=1, confirm_timeout=1)
    return Grade.OK


def _check_worker() -> Grade:
    """The canary came through broker and worker lately, or at least a worker's safety net is at work."""
    if _is_fresh(heartbeats.WORKER, WORKER_IS_LATE_AFTER):
        return Grade.OK
    return Grade.DEGRADED if _is_fresh(heartbeats.SAFETY_NET, SAFETY_NET_IS_LATE_AFTER) else Grade.FAILED


def _check_beat() -> Grade:
    return Grade.OK if _is_fresh(heartbeats.BEAT, BEAT_IS_LATE_AFTER) else Grade.FAILED


def _check_sweep_lag() -> Grade:
    """Every vital sweep finished within its last two intervals; one that an admin switched off is not asked."""
    vital = {name: default for name, default in schedules.default_schedules().items() if default.is_vital}
    rows = PeriodicTask.objects.filter(name__in=vital, enabled=True).select_related("interval", "crontab")
    finished = dict(SweepHeartbeat.objects.values_list("name", "finished_at"))
    now = clock.now()
    for row in rows:
        when = schedules.read_when(row)
        last = finished.get(vital[row.name].sweep)
        if isinstance(when, Every) and (last is None or now - last > timedelta(seconds=2 * when.seconds) + SWEEP_GRACE):
            return Grade.FAILED
    failing = SweepHeartbeat.objects.exclude(last_error="").exists()
    return Grade.DEGRADED if failing or len(rows) < len(vital) else Grade.OK


def _check_disk() -> Grade:
    path = Path(settings.MEDIA_ROOT)
    while not path.exists():
        path = path.parent
    usage = shutil.disk_usage(path)
    is_low = usage.free < LOW_DISK_BYTES or usage.free < usage.total * LOW_DISK_SHARE
    return Grade.DEGRADED if is_low else Grade.OK


def _check_partitions() -> Grade:
    """Next month has its own; what has none is written all the same, and cannot be dropped as a whole later."""
    return Grade.OK if partitions.count_months_ahead() >= 1 else Grade.DEGRADED


def _is_fresh(name: str, limit: timedelta) -> bool:
    finished_at = SweepHeartbeat.objects.filter(name=name).values_list("finished_at", flat=True).first()
    return finished_at is not None and clock.now() - finished_at <= limit


DATABASE = Check("database", _check_database, is_vital=True)
register(
    DATABASE,
    Check("broker", _check_broker, is_vital=False),
    Check("worker", _check_worker, is_vital=True),
    Check("beat", _check_beat, is_vital=True),
    Check("sweep_lag", _check_sweep_lag, is_vital=True),
    Check("disk", _check_disk, is_vital=False),
    Check("partitions", _check_partitions, is_vital=False),
)
