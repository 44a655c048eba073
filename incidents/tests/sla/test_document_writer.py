"""A policy written as a file, and what no file can say."""

import pytest

from incidents.sla.calendars import CalendarSpec
from incidents.sla.config import parse_sla_document
from incidents.sla.document_checks import check_document
from incidents.sla.document_writer import write_sla_document
from incidents.sla.documents import ALWAYS, ALWAYS_SPEC, RuleSpec, SLADocument, default_document
from incidents.sla.errors import SpecError
from incidents.sla.policies import Step

OFFICE = CalendarSpec(
    "office", "Europe/Berlin", {"mon": [("09:00", "12:00"), ("13:00", "17:00")]}, "DE", "BY", ("2026-12-24",)
)
STEPS = (Step(50.5, "alert", 1, ("ops",)), Step(100, "breach", 3))


def document(*rules: RuleSpec) -> SLADocument:
    return SLADocument(rules=rules, calendars={ALWAYS: ALWAYS_SPEC, "office": OFFICE}, steps=STEPS)


def test_the_built_in_policy_is_read_back_as_it_was():
    assert parse_sla_document(write_sla_document(default_document(80, 120))).digest == default_document(80, 120).digest


def test_calendars_holidays_steps_and_settings_are_read_back_as_they_were():
    written = document(
        RuleSpec("gold", "high", 5, None, "office", False, 0),
        RuleSpec("gold", "*", None, 7, ALWAYS, True, 1),
        RuleSpec("free", "*", None, None, ALWAYS, True, 2),
        RuleSpec("*", "critical", 1, 2, "office", True, 3),
        RuleSpec("*", "*", 9, 9, ALWAYS, False, 4),
    )
    assert parse_sla_document(write_sla_document(written)).digest == written.digest
    assert list(check_document(written)) == []


def test_tiers_that_do_not_overlap_may_be_mixed():
    mixed = document(
        RuleSpec("gold", "high", 1, 1), RuleSpec("free", "high", 2, 2), RuleSpec("gold", "low", 3, 3, position=2)
    )
    read = parse_sla_document(write_sla_document(mixed)).rules
    assert [(rule.tier, rule.response_minutes) for rule in read] == [("gold", 1), ("gold", 3), ("free", 2)]


def test_a_rule_for_any_tier_between_two_of_one_tier_is_what_no_file_can_say():
    mixed = document(RuleSpec("gold", "high", 1, 1), RuleSpec("*", "low", 2, 2), RuleSpec("gold", "*", 3, 3))
    with pytest.raises(SpecError, match="gold"):
        write_sla_document(mixed)


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ((), "rules"),
        ((RuleSpec(" ", "*", 1, 1),), "rules[0].tier"),
        ((RuleSpec("*", "x" * 41, 1, 1),), "rules[0].priority"),
        ((RuleSpec("*", "*", 1, 0),), "rules[0].resolution_minutes"),
        ((RuleSpec("*", "*", 1, 1, "nowhere"),), "rules[0].calendar"),
        ((RuleSpec("*", "*", 1, 1), RuleSpec("gold", "*", 1, 1)), "rules[1]"),
    ],
)
def test_a_faulty_rule_is_named(rules, path):
    assert path in {error.path for error in check_document(document(*rules))}


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ((), "steps"),
        ((Step(0, "alert"),), "steps[0].percent"),
        ((Step(1.234, "alert"),), "steps[0].percent"),
        ((Step(5, "ok"),), "steps[0].state"),  # type: ignore[arg-type]
        ((Step(5, "alert", 0),), "steps[0].level"),
        ((Step(5, "alert", 3), Step(6, "alert", 2)), "steps[1].level"),
        ((Step(5, "breach"), Step(6, "alert")), "steps[1].state"),
        ((Step(5, "alert"), Step(5, "alert")), "steps[1].percent"),
    ],
)
def test_a_faulty_step_is_named(steps, path):
    faulty = SLADocument(rules=(RuleSpec("*", "*", 1, 1),), calendars={ALWAYS: ALWAYS_SPEC}, steps=steps)
    assert path in {error.path for error in check_document(faulty)}


def test_a_faulty_calendar_is_named():
    nowhere = CalendarSpec("nowhere", "Mars/Olympus")
    faulty = SLADocument(rules=(RuleSpec("*", "*", 1, 1, "nowhere"),), calendars={"nowhere": nowhere}, steps=STEPS)
    assert [error.path for error in check_document(faulty)] == ["calendars.nowhere.timezone"]
