"""What the registry itself tells on the System page: release, processes, queues, sweeps."""

import platform
from collections import Counter
from datetime import datetime, timedelta

import django
from django.conf import settings
from django.db import connection
from django_celery_beat.models import PeriodicTask

from tracker import clock, heartbeats, schedules
from tracker.choices import ProcessKind
from tracker.models import Process, SweepHeartbeat
from tracker.processes import GONE_AFTER
from tracker.queues import registered_queues
from tracker.schedules import DefaultSchedule, Every, When
from tracker.schema_state import name_some, read_schema_state
from tracker.services.system import Cell, Content, Fact, Section, Tone, Unit, register_section
from tracker.version import VERSION

MOST_PROCESSES = 60
QUEUE_IS_LATE_AFTER, QUEUE_IS_STUCK_AFTER = 60.0, 600.0
ERROR_LENGTH = 120


def read_release() -> Content:
    """What runs here, and whether the database is of the same release."""
    running = set(Process.objects.filter(seen_at__gt=clock.now() - GONE_AFTER).values_list("release", flat=True))
    others = sorted(running - {VERSION})
    schema = read_schema_state()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    facts = [
        Fact("Tracker", VERSION),
        Fact("Python", platform.python_version()),
        Fact("Django", django.get_version()),
        Fact("PostgreSQL", version),
        Fact("Migrations", f"{schema.applied:,} applied"),
        Fact("Runs", "in production" if settings.IS_PRODUCTION else "locally"),
    ]
    upgrade = "Fine while an upgrade is under way."
    if others:
        facts.append(Fact("Also running", ", ".join(others), tone=Tone.ALERT, note=upgrade))
    if schema.missing:
        note = "Run: python manage.py prepare"
        facts.append(Fact("Missing", name_some(schema.missing), tone=Tone.BREACH, note=note))
    if schema.unknown:
        facts.append(Fact("Of a later release", name_some(schema.unknown), tone=Tone.ALERT, note=upgrade))
    return Content(facts=facts)


def read_processes() -> Content:
    """Which processes live, and what workers are doing."""
    now = clock.now()
    seen = list(Process.objects.order_by("kind", "-seen_at")[:MOST_PROCESSES])
    living = Counter(row.kind for row in seen if now - row.seen_at <= GONE_AFTER)
    facts = [_count_process(kind, living) for kind in ProcessKind]
    facts += [
        _tell_sign("Beat rang", heartbeats.BEAT, 30, now),
        _tell_sign("A worker heard it", heartbeats.WORKER, 90, now),
    ]
    return Content(
        facts=facts,
        columns=("Process", "State", "Release", "Since", "Last sign", "Tasks", "Doing"),
        rows=[_tell_process(row, now) for row in seen],
        empty="No process has shown itself yet.",
    )


def _count_process(kind: ProcessKind, living: Counter[str]) -> Fact:
    words = {ProcessKind.WEB: "Web processes", ProcessKind.WORKER: "Workers", ProcessKind.BEAT: "Beats"}[kind]
    if living[kind] or kind is ProcessKind.WEB:
        return Fact(words, living[kind])
    return Fact(words, 0, tone=Tone.BREACH, note="Start one: without it no deadline is watched.")


def _tell_sign(words: str, name: str, seconds: int, now: datetime) -> Fact:
    age = heartbeats.age(name, now=now)
    tone = Tone.PLAIN if age is not None and age <= timedelta(seconds=seconds) else Tone.BREACH
    return Fact(words, now - age if age is not None else "never", tone=tone)


def _tell_process(row: Process, now: datetime) -> list[Cell]:
    is_gone = now - row.seen_at > GONE_AFTER
    state = Cell("gone", tone=Tone.QUIET) if is_gone else Cell("leads" if row.is_leading else "lives", tone=Tone.OK)
    doing = "" if is_gone else ", ".join(_tell_task(one, now) for one in row.doing)
    return [
        Cell(f"{row.kind} {row.id}"),
        state,
        Cell(row.release),
        Cell(row.started_at),
        Cell(row.seen_at),
        Cell(row.tasks_total if row.kind == ProcessKind.WORKER else None),
        Cell(doing),
    ]


def _tell_task(one: dict[str, str], now: datetime) -> str:
    seconds = (now - datetime.fromisoformat(one["since"])).total_seconds()
    return f"{one['task'].rsplit('.', 1)[-1]} ({max(0, round(seconds))} s)"


def read_queues() -> Content:
    """How long the oldest piece of due work waits, by kind of work."""
    rows = []
    for queue in registered_queues():
        age = queue.read_age()
        tone = Tone.BREACH if age > QUEUE_IS_STUCK_AFTER else Tone.ALERT if age > QUEUE_IS_LATE_AFTER else Tone.PLAIN
        waits = Cell(age, Unit.SECONDS, tone) if age else Cell("nothing is due")
        rows.append([Cell(queue.words), waits, Cell(queue.sweep)])
    return Content(columns=("Work", "Oldest waits for", "Done by"), rows=rows)


def read_sweeps() -> Content:
    """When each sweep last ran and how it went: what a task monitor would show, from the rows that sweeps write."""
    # The canary is told with the processes.
    shipped = {one.sweep: one for one in schedules.default_schedules().values() if one.sweep != "beat_heart"}
    names = [default.name for default in shipped.values()]
    scheduled = PeriodicTask.objects.filter(name__in=names).select_related("interval", "crontab")
    whens = {row.name: schedules.read_when(row) if row.enabled else None for row in scheduled}
    beats = {beat.name: beat for beat in SweepHeartbeat.objects.all()}
    return Content(
        columns=("Sweep", "State", "Runs", "Last run", "Took", "Rows", "Runs so far", "Last error"),
        rows=[_tell_sweep(shipped[name], whens.get(shipped[name].name), beats.get(name)) for name in sorted(shipped)],
    )


def _tell_sweep(default: DefaultSchedule, when: When | None, beat: SweepHeartbeat | None) -> list[Cell]:
    every = (
        Cell(str(when))
        if when is not None
        else Cell("switched off", tone=Tone.ALERT if default.is_vital else Tone.QUIET)
    )
    if beat is None:
        return [Cell(default.sweep), Cell("has not run", tone=Tone.QUIET), every, *[Cell(None)] * 4, Cell("")]
    return [
        Cell(default.sweep),
        _state_of(beat, when),
        every,
        Cell(beat.started_at),
        Cell(beat.duration_seconds, Unit.SECONDS),
        Cell(beat.rows),
        Cell(beat.runs_total),
        Cell(beat.last_error[:ERROR_LENGTH]),
    ]


def _state_of(beat: SweepHeartbeat, when: When | None) -> Cell:
    if beat.last_error:
        return Cell("failed", tone=Tone.BREACH)
    since = (clock.now() - beat.started_at).total_seconds()
    if isinstance(when, Every) and since > max(3 * when.seconds, 60):
        return Cell("late", tone=Tone.BREACH)
    is_running = beat.finished_at is None or beat.finished_at < beat.started_at
    return Cell("running" if is_running else "ok", tone=Tone.OK)


register_section(
    Section("release", "Release", read_release, position=10),
    Section("processes", "Processes", read_processes, position=5, is_wide=True),
    Section("queues", "Work that waits", read_queues, position=25),
    Section("sweeps", "Sweeps", read_sweeps, position=60, is_wide=True),
)
