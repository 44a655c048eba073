"""The policy in force: read into the engine's form once per version, and published as a whole."""

from datetime import timedelta

from django.db import connection
from django.db.models import Max, Prefetch

from incidents.choices import SLAState
from incidents.models import Calendar, EscalationStep, PolicyRule, PolicyVersion
from incidents.sla.calendars import CalendarSpec, compile_calendar
from incidents.sla.policies import Book, Rule, Step, StepState, Version

# Taken shared by everything that judges clocks and exclusively by whoever changes what they are judged by, so that no
# clock is written by the old policy after the new one has asked for its replay.
POLICY_LOCK = 7_201_001

_books: dict[int, Book] = {}


def hold_policy(*, is_exclusive: bool = False) -> None:
    """Holds the policy and the status categories still until the running transaction ends."""
    function = "pg_advisory_xact_lock" if is_exclusive else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [POLICY_LOCK])


def current_book() -> Book:
    """All versions in the engine's form; versions are immutable, so the newest number tells a fresh copy."""
    newest = PolicyVersion.objects.aggregate(newest=Max("number"))["newest"] or 0
    if newest not in _books:
        book = _load_book()
        _books.clear()
        _books[newest] = book
    return _books[newest]


def _load_book() -> Book:
    rules = Prefetch("rules", PolicyRule.objects.select_related("calendar"))
    versions = PolicyVersion.objects.prefetch_related(rules, "steps")
    return Book([compile_version(version) for version in versions])


def compile_version(version: PolicyVersion) -> Version:
    """One version in the engine's form."""
    return Version(
        id=version.pk,
        number=version.number,
        effective_at=version.effective_at,
        applies_to=version.applies_to,  # type: ignore[arg-type]
        rules=tuple(_compile_rule(rule) for rule in version.rules.all()),
        steps=tuple(_compile_step(step) for step in sorted(version.steps.all(), key=lambda step: step.percent)),
    )


def _compile_rule(rule: PolicyRule) -> Rule:
    return Rule(
        tier=rule.tier,
        priority=rule.priority,
        response=_minutes(rule.response_minutes),
        resolution=_minutes(rule.resolution_minutes),
        calendar=compile_calendar(specify_calendar(rule.calendar)),
        pauses_when_waiting=rule.pauses_when_waiting,
        position=rule.position,
    )


def _compile_step(step: EscalationStep) -> Step:
    state: StepState = "breach" if step.state == SLAState.BREACH else "alert"
    return Step(percent=float(step.percent), state=state, level=step.level, channels=tuple(step.channels))


def _minutes(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(minutes=count)


def specify_calendar(calendar: Calendar) -> CalendarSpec:
    """A stored calendar in the engine's words."""
    return CalendarSpec(
        name=calendar.name,
        timezone=calendar.timezone,
        hours=calendar.hours,
        holiday_country=calendar.holiday_country or None,
        holiday_subdivision=calendar.holiday_subdivision or None,
        extra_holidays=tuple(calendar.extra_holidays),
    )
