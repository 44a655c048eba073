"""The SLA file: YAML that people write, read into an `SLADocument`, or refused with every fault and its path."""

from datetime import UTC, datetime
from typing import Any, Final, cast

from incidents.sla.calendars import DAYS, CalendarSpec, check_calendar
from incidents.sla.config_rules import SETTING_KEYS, RuleReader
from incidents.sla.config_steps import read_repeat, read_steps
from incidents.sla.documents import (
    ALWAYS,
    ALWAYS_SPEC,
    RuleSpec,
    SLADocument,
    default_document,
    default_steps,
)
from incidents.sla.errors import SpecError, SpecErrors
from incidents.sla.policies import AppliesTo
from incidents.sla.spec_reader import SpecReader
from incidents.sla.strict_yaml import load_yaml

__all__ = ["RuleSpec", "SLADocument", "SpecError", "SpecErrors", "default_document", "parse_sla_document"]

TOP_KEYS: Final = frozenset(
    {"tiers", "fallback", "calendars", "thresholds", "repeat", "applies_to", "effective_at"} | SETTING_KEYS
)
NAME_LENGTH: Final = 60


def parse_sla_document(text: str | bytes, *, alert_percent: float = 85, breach_percent: float = 100) -> SLADocument:
    """Read an SLA file; the percents are the two steps of a file that names no `thresholds`.

    Raises:
        SpecErrors: every fault (the first fifty), each with its path and what is allowed there.
    """
    reader = SpecReader()
    top = reader.mapping(load_yaml(text), "", TOP_KEYS)
    if "tiers" not in top and "fallback" not in top:
        reader.refuse("tiers", "missing; give tiers: {gold: {high: {response: 30, resolution: 180}}}, minutes")
    calendars = _read_calendars(reader, top.get("calendars", {}))
    rules = RuleReader(reader, calendars).read(top)
    steps = default_steps(alert_percent, breach_percent)
    if "thresholds" in top:
        steps = read_steps(reader, top["thresholds"])
    if "repeat" in top:
        steps += read_repeat(reader, top["repeat"], steps)
    applies_to = reader.choice(top.get("applies_to", "open"), "applies_to", ("open", "new", "rebase"))
    effective_at = _read_moment(reader, top.get("effective_at"))
    reader.finish()
    used = {rule.calendar for rule in rules}
    return SLADocument(
        rules=rules,
        calendars={name: spec for name, spec in calendars.items() if name in used},
        steps=steps,
        applies_to=cast(AppliesTo, applies_to),
        effective_at=effective_at,
    )


def _read_calendars(reader: SpecReader, value: Any) -> dict[str, CalendarSpec]:
    calendars = {ALWAYS: ALWAYS_SPEC}
    for key, given in reader.mapping(value, "calendars").items():
        path = f"calendars.{key}"
        name = reader.text(key, path, NAME_LENGTH)
        if name == ALWAYS:
            reader.refuse(path, f"{ALWAYS!r} is built in (round the clock); choose another name")
            continue
        calendars[name] = _read_calendar(reader, name, path, given)
    return calendars


def _read_calendar(reader: SpecReader, name: str, path: str, value: Any) -> CalendarSpec:
    given = reader.mapping(value, path, {"timezone", "hours", "holidays"})
    place = f"{path}.holidays"
    days = reader.mapping(given.get("holidays", {}), place, {"country", "subdivision", "extra"})
    faults = len(reader.errors)
    hours = _read_hours(reader, f"{path}.hours", given["hours"]) if "hours" in given else None
    spec = CalendarSpec(
        name=name,
        timezone=reader.text(given.get("timezone", "UTC"), f"{path}.timezone", 64),
        hours=hours,
        holiday_country=reader.text(days["country"], f"{place}.country", 2) if "country" in days else None,
        holiday_subdivision=reader.text(days["subdivision"], f"{place}.subdivision", 10)
        if "subdivision" in days
        else None,
        extra_holidays=tuple(
            reader.text(day, f"{place}.extra[{index}]", 10)
            for index, day in enumerate(reader.sequence(days.get("extra", ()), f"{place}.extra", "dates YYYY-MM-DD"))
        ),
    )
    if len(reader.errors) == faults:
        for error in check_calendar(spec):
            reader.refuse(f"{path}.{error.path}", error.message)
    return spec


def _read_hours(reader: SpecReader, path: str, value: Any) -> dict[str, list[tuple[str, ...]]]:
    hours: dict[str, list[tuple[str, ...]]] = {}
    for day, stretches in reader.mapping(value, path, DAYS).items():
        hours[day] = []
        for index, stretch in enumerate(reader.sequence(stretches, f"{path}.{day}", '["09:00", "17:00"] pairs')):
            pair = reader.sequence(stretch, f"{path}.{day}[{index}]", "a start and an end, HH:MM")
            hours[day].append(tuple(str(time) for time in pair))
    return hours


def _read_moment(reader: SpecReader, value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    reader.refuse("effective_at", "must be a time with its zone, such as 2026-12-01T00:00:00Z")
    return None
