"""Faults of a document that no file was read for: what a form or a program put together."""

from collections.abc import Iterator
from itertools import pairwise

from incidents.sla.calendars import check_calendar
from incidents.sla.config_rules import MAX_MINUTES, MAX_RULES, NAME_LENGTH
from incidents.sla.config_steps import MAX_LEVEL, MAX_PERCENT, MAX_STEPS
from incidents.sla.documents import RuleSpec, SLADocument
from incidents.sla.errors import SpecError
from incidents.sla.policies import ANY, Step


def check_document(document: SLADocument) -> Iterator[SpecError]:
    """All faults, each with its path: `rules[2].response_minutes`, `steps[0].percent`, `calendars.office.hours.mon`."""
    if not 1 <= len(document.rules) <= MAX_RULES:
        yield SpecError("rules", f"must be 1 to {MAX_RULES}")
    for index, rule in enumerate(document.rules):
        yield from _check_rule(document, index, rule)
    if not 1 <= len(document.steps) <= MAX_STEPS:
        yield SpecError("steps", f"must be 1 to {MAX_STEPS}")
    for index, step in enumerate(document.steps):
        yield from _check_step(index, step)
    for index, (before, step) in enumerate(pairwise(document.steps), 1):
        yield from _check_order(index, before, step)
    for name, spec in document.calendars.items():
        for error in check_calendar(spec):
            yield SpecError(f"calendars.{name}.{error.path}", error.message)


def _check_rule(document: SLADocument, index: int, rule: RuleSpec) -> Iterator[SpecError]:
    path = f"rules[{index}]"
    for field, word in (("tier", rule.tier), ("priority", rule.priority)):
        if not 1 <= len(word.strip()) <= NAME_LENGTH:
            yield SpecError(f"{path}.{field}", f"must be text of 1 to {NAME_LENGTH} characters, * = any")
    for field, minutes in (
        ("response_minutes", rule.response_minutes),
        ("resolution_minutes", rule.resolution_minutes),
    ):
        if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
            yield SpecError(f"{path}.{field}", f"must be 1 to {MAX_MINUTES} minutes, or empty for no such promise")
    if rule.calendar not in document.calendars:
        yield SpecError(f"{path}.calendar", f"unknown calendar {rule.calendar!r}")
    covering = next((other for other in document.rules[:index] if _covers(other, rule)), None)
    if covering is not None:
        yield SpecError(path, f"is never reached: the rule {covering.tier} × {covering.priority} before it matches")


def _check_step(index: int, step: Step) -> Iterator[SpecError]:
    path = f"steps[{index}]"
    if not 0 < step.percent <= MAX_PERCENT or round(step.percent, 2) != step.percent:
        yield SpecError(f"{path}.percent", f"must be above 0 up to {MAX_PERCENT}, with at most two decimals")
    if step.state not in ("alert", "breach"):
        yield SpecError(f"{path}.state", "must be alert or breach")
    if not 1 <= step.level <= MAX_LEVEL:
        yield SpecError(f"{path}.level", f"must be 1 to {MAX_LEVEL}")


def _check_order(index: int, before: Step, step: Step) -> Iterator[SpecError]:
    path = f"steps[{index}]"
    if step.percent <= before.percent:
        yield SpecError(f"{path}.percent", f"must be above the {before.percent:g} of the step before it")
    if (before.state, step.state) == ("breach", "alert"):
        yield SpecError(f"{path}.state", "must be breach: the step before it is one")
    if step.level < before.level:
        yield SpecError(f"{path}.level", f"must not be below the level {before.level} of the step before it")


def _covers(rule: RuleSpec, other: RuleSpec) -> bool:
    return rule.tier.casefold() in (ANY, other.tier.casefold()) and rule.priority.casefold() in (
        ANY,
        other.priority.casefold(),
    )
