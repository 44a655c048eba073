"""Policies between the tables and paper: a document stored as a new version, a version read back as a document."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Prefetch

from incidents.choices import AppliesTo, PolicySource
from incidents.models import Calendar, EscalationStep, PolicyRule, PolicyVersion
from incidents.sla.calendars import CalendarSpec
from incidents.sla.config import parse_sla_document
from incidents.sla.documents import RuleSpec, SLADocument, default_document
from incidents.sla.errors import SpecErrors
from incidents.sla.policies import AppliesTo as AppliesToWord
from incidents.sla.policies import Step, StepState
from tracker.access import Actor
from tracker.exceptions import FieldError, InvalidInput
from tracker.models import User
from tracker.services.events import log_event

SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def make_default_document() -> SLADocument:
    """The built-in targets with the thresholds of the settings."""
    return default_document(settings.ALERT_THRESHOLD * 100, settings.BREACH_THRESHOLD * 100)


def parse_document(text: str | bytes, *, root: str = "") -> SLADocument:
    """Reads the words of an SLA file; where it names no thresholds, those of the settings hold.

    Raises:
        InvalidInput: `details` names each fault by its path, below `root`.
    """
    percents = {"alert_percent": settings.ALERT_THRESHOLD * 100, "breach_percent": settings.BREACH_THRESHOLD * 100}
    try:
        return parse_sla_document(text, **percents)
    except SpecErrors as error:
        details = [FieldError(".".join(filter(None, (root, fault.path))), fault.message) for fault in error.errors]
        raise InvalidInput("There are faults in the policy; nothing was changed.", details=details) from None


@transaction.atomic
def store_first_version() -> None:
    """Stores the built-in policy where there is none yet; of several at once, one does and the others wait for it."""
    document = make_default_document()
    version = store_document(
        document,
        number=1,
        effective_at=SINCE_EVER,
        applies_to=AppliesTo.NEW,
        source=PolicySource.DEFAULT,
        note="Built in",
    )
    if version is not None:
        after = render_document(document)
        log_event(actor=Actor.system("default"), verb="policy.published", obj=version, after=after)


def store_document(
    document: SLADocument,
    *,
    number: int,
    effective_at: datetime,
    applies_to: str,
    source: str,
    note: str = "",
    created_by: User | None = None,
) -> PolicyVersion | None:
    """Stores a document as version `number`; None where another transaction has taken that number."""
    version = PolicyVersion(
        number=number,
        effective_at=effective_at,
        applies_to=applies_to,
        source=source,
        digest=document.digest,
        note=note,
        created_by=created_by,
    )
    # The number decides the race; ignoring the conflict leaves the transaction whole, but tells no primary key.
    PolicyVersion.objects.bulk_create([version], ignore_conflicts=True)
    stored = PolicyVersion.objects.get(number=number)
    if stored.created_at != version.created_at:
        return None
    calendars = {name: _store_calendar(spec) for name, spec in document.calendars.items()}
    PolicyRule.objects.bulk_create(
        PolicyRule(
            version=stored,
            position=position,
            tier=rule.tier,
            priority=rule.priority,
            response_minutes=rule.response_minutes,
            resolution_minutes=rule.resolution_minutes,
            calendar=calendars[rule.calendar],
            pauses_when_waiting=rule.pauses_when_waiting,
        )
        for position, rule in enumerate(document.rules)
    )
    EscalationStep.objects.bulk_create(
        EscalationStep(
            version=stored, percent=step.percent, state=step.state, level=step.level, channels=list(step.channels)
        )
        for step in document.steps
    )
    return stored


def read_document(version: PolicyVersion) -> SLADocument:
    """What a stored version says, as a document that could be published again."""
    rules = list(version.rules.select_related("calendar").order_by("position"))
    return SLADocument(
        rules=tuple(_read_rule(rule, position) for position, rule in enumerate(rules)),
        calendars={rule.calendar.name: specify_calendar(rule.calendar) for rule in rules},
        steps=read_steps(version.steps.all()),
        applies_to=version.applies_to,  # type: ignore[arg-type]
    )


def read_steps(steps: Iterable[EscalationStep]) -> tuple[Step, ...]:
    """Stored steps in the engine's form, ascending."""
    return tuple(_read_step(step) for step in sorted(steps, key=lambda step: step.percent))


def render_document(document: SLADocument) -> dict[str, Any]:
    """A document as JSON, as the log's before and after show it."""
    rendered = asdict(document)
    rendered["calendars"] = [asdict(spec) for spec in document.calendars.values()]
    return {name: rendered[name] for name in ("rules", "calendars", "steps")}


def read_rendered(rendered: Mapping[str, Any], applies_to: AppliesToWord) -> SLADocument:
    """What `render_document` wrote, as a document again."""
    specs = msgspec.convert(rendered["calendars"], list[CalendarSpec])
    return SLADocument(
        rules=msgspec.convert(rendered["rules"], tuple[RuleSpec, ...]),
        calendars={spec.name: spec for spec in specs},
        steps=msgspec.convert(rendered["steps"], tuple[Step, ...]),
        applies_to=applies_to,
    )


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


def prefetch_rules() -> Prefetch[Any, Any, Any]:
    """The rules of versions with their calendars, in one query."""
    return Prefetch("rules", PolicyRule.objects.select_related("calendar"))


def _store_calendar(spec: CalendarSpec) -> Calendar:
    """The calendar that says this: the newest of its name, or its next version where that says something else."""
    wanted = {
        "timezone": spec.timezone,
        "hours": None if spec.hours is None else {day: [list(pair) for pair in spec.hours[day]] for day in spec.hours},
        "holiday_country": spec.holiday_country or "",
        "holiday_subdivision": spec.holiday_subdivision or "",
        "extra_holidays": list(spec.extra_holidays),
    }
    newest = Calendar.objects.filter(name=spec.name).order_by("-version").first()
    if newest is not None and all(getattr(newest, field) == value for field, value in wanted.items()):
        return newest
    last = Calendar.objects.filter(name=spec.name).aggregate(last=Max("version"))["last"] or 0
    return Calendar.objects.create(name=spec.name, version=last + 1, **wanted)


def _read_rule(rule: PolicyRule, position: int) -> RuleSpec:
    return RuleSpec(
        tier=rule.tier,
        priority=rule.priority,
        response_minutes=rule.response_minutes,
        resolution_minutes=rule.resolution_minutes,
        calendar=rule.calendar.name,
        pauses_when_waiting=rule.pauses_when_waiting,
        position=position,
    )


def _read_step(step: EscalationStep) -> Step:
    state: StepState = "breach" if step.state == "breach" else "alert"
    return Step(_tidy(float(step.percent)), state, step.level, tuple(step.channels))


def _tidy(percent: float) -> int | float:
    return int(percent) if percent == int(percent) else percent
