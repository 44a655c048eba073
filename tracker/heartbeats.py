"""Sweeps write down that they ran: the truth behind /healthz, the sweep metrics and the worker's safety net."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError
from django.db.models import F, Value
from django.db.models.functions import Greatest

from tracker import clock
from tracker.logs import mask_text
from tracker.models import SweepHeartbeat

# Beside the sweeps, who else shows that they live: the leading beat, the pool of a worker, its safety net.
BEAT, WORKER, SAFETY_NET = "beat", "worker", "worker_safety_net"
LAST_ERROR_LENGTH = 300
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class SweepRun:
    """One run; the sweep sets `rows` to how many rows it dealt with."""

    name: str
    rows: int = 0


@contextmanager
def run_sweep(name: str) -> Iterator[SweepRun]:
    """Records one run of the sweep `name` (the last part of its task's name), also when it fails, and then re-raises.

    Open no transaction around it: a run that rolls back would take its own record along. Many processes may run the
    same sweep at once; their totals add up.
    """
    run, started_at, started = SweepRun(name), clock.now(), time.perf_counter()
    _note_start(name, started_at)
    try:
        yield run
    except BaseException as error:
        _note_end(run, time.perf_counter() - started, error=describe_error(error))
        raise
    seconds = time.perf_counter() - started
    _note_end(run, seconds, error="")
    level = logging.INFO if run.rows else logging.DEBUG
    logger.log(level, "sweep", extra={"operation": name, "rows": run.rows, "latency_ms": round(seconds * 1000, 1)})


def beat_once(name: str, *, at: datetime | None = None) -> None:
    """Records that `name` is alive, where there is nothing to time."""
    moment = at or clock.now()
    _note_start(name, moment)
    SweepHeartbeat.objects.filter(name=name).update(
        finished_at=Greatest("finished_at", Value(moment)), runs_total=F("runs_total") + 1, last_error=""
    )


def describe_error(error: BaseException) -> str:
    """The class and the first line of the message, masked, in what the column takes."""
    first_line = (str(error).strip().splitlines() or [""])[0]
    return mask_text(f"{type(error).__name__}: {first_line}".rstrip(": "))[:LAST_ERROR_LENGTH]


def age(name: str, *, now: datetime | None = None) -> timedelta | None:
    """How long ago `name` last finished; None if it never did."""
    finished_at = SweepHeartbeat.objects.filter(name=name).values_list("finished_at", flat=True).first()
    return (now or clock.now()) - finished_at if finished_at else None


def _note_start(name: str, started_at: datetime) -> None:
    if not SweepHeartbeat.objects.filter(name=name).update(started_at=started_at):
        SweepHeartbeat.objects.bulk_create([SweepHeartbeat(name=name, started_at=started_at)], ignore_conflicts=True)


def _note_end(run: SweepRun, seconds: float, *, error: str) -> None:
    changes = {
        "duration_seconds": seconds,
        "rows": run.rows,
        "runs_total": F("runs_total") + 1,
        "rows_total": F("rows_total") + run.rows,
        "duration_seconds_total": F("duration_seconds_total") + seconds,
        "last_error": error,
    }
    if not error:
        changes["finished_at"] = clock.now()
    try:
        SweepHeartbeat.objects.filter(name=run.name).update(**changes)
    except (DatabaseError, InterfaceError):
        # The sweep's own error is the one to see; a database that is away shows as a missing heartbeat anyway.
        logger.warning("The end of a sweep could not be recorded.", extra={"operation": run.name})
