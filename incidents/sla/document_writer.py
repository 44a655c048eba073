"""A document as the SLA file that would say the same."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import yaml

from incidents.sla.calendars import CalendarSpec
from incidents.sla.config_rules import NO_SLA
from incidents.sla.documents import ALWAYS, RuleSpec, SLADocument
from incidents.sla.errors import SpecError
from incidents.sla.policies import ANY, Step


def write_sla_document(document: SLADocument) -> str:
    """YAML that `parse_sla_document` reads back as the same promises.

    Raises:
        SpecError: the rules of one tier stand apart with a rule for any tier between that they depend on; a file names
            each tier once.
    """
    return yaml.safe_dump(lay_out(document), sort_keys=False, allow_unicode=True, width=120)


def lay_out(document: SLADocument) -> dict[str, Any]:
    """The same as mappings and lists."""
    laid_out: dict[str, Any] = {}
    calendars = {name: _lay_out_calendar(spec) for name, spec in document.calendars.items() if name != ALWAYS}
    if calendars:
        laid_out["calendars"] = calendars
    laid_out["thresholds"] = [_lay_out_step(step) for step in document.steps]
    tiers, fallback = _lay_out_rules(document.rules)
    if tiers:
        laid_out["tiers"] = tiers
    if fallback is not None:
        laid_out["fallback"] = fallback
    if document.applies_to != "open":
        laid_out["applies_to"] = document.applies_to
    if document.effective_at is not None:
        laid_out["effective_at"] = document.effective_at.isoformat()
    return laid_out


def _lay_out_rules(rules: tuple[RuleSpec, ...]) -> tuple[dict[str, Any], Any]:
    tiers: dict[str, list[RuleSpec]] = {}
    for rule in rules:
        if (rule.tier, rule.priority) != (ANY, ANY):
            tiers.setdefault(rule.tier, []).append(rule)
    last = [rule for rule in rules if (rule.tier, rule.priority) == (ANY, ANY)]
    _check_order(rules, [*(rule for group in tiers.values() for rule in group), *last])
    written = {tier: {rule.priority: _lay_out_promise(rule) for rule in group} for tier, group in tiers.items()}
    return written, _lay_out_promise(last[0]) if last else None


def _check_order(rules: tuple[RuleSpec, ...], written: list[RuleSpec]) -> None:
    place = {id(rule): index for index, rule in enumerate(written)}
    for first, second in combinations(rules, 2):
        if place[id(first)] > place[id(second)] and _overlap(first.tier, second.tier):
            raise SpecError("tiers", f"the rules of {first.tier} and {second.tier} are mixed as no file can name them")


def _overlap(tier: str, other: str) -> bool:
    return ANY in (tier, other) or tier.casefold() == other.casefold()


def _lay_out_promise(rule: RuleSpec) -> Any:
    targets = {"response": rule.response_minutes, "resolution": rule.resolution_minutes}
    promise: dict[str, Any] = {kind: minutes for kind, minutes in targets.items() if minutes is not None}
    if not promise:
        return NO_SLA
    if rule.calendar != ALWAYS:
        promise["calendar"] = rule.calendar
    if not rule.pauses_when_waiting:
        promise["pause_when_waiting"] = False
    return promise


def _lay_out_calendar(spec: CalendarSpec) -> dict[str, Any]:
    calendar: dict[str, Any] = {"timezone": spec.timezone}
    if spec.hours is not None:
        calendar["hours"] = {day: [list(stretch) for stretch in stretches] for day, stretches in spec.hours.items()}
    holidays = {
        "country": spec.holiday_country,
        "subdivision": spec.holiday_subdivision,
        "extra": list(spec.extra_holidays),
    }
    if given := {name: value for name, value in holidays.items() if value}:
        calendar["holidays"] = given
    return calendar


def _lay_out_step(step: Step) -> Mapping[str, Any]:
    laid_out: dict[str, Any] = {"percent": step.percent, "state": step.state, "level": step.level}
    return laid_out | ({"channels": list(step.channels)} if step.channels else {})
