"""Rules match in order, whatever the case; versions take effect in order."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.sla import policies
from incidents.sla.calendars import ALWAYS_OPEN
from incidents.sla.policies import AppliesTo, Book, Rule, Step, Version

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def rule(tier: str, priority: str, position: int = 0) -> Rule:
    return Rule(tier, priority, timedelta(minutes=30), None, ALWAYS_OPEN, position=position)


def version(number: int, effective_at: datetime, applies_to: AppliesTo = "open", *rules: Rule) -> Version:
    return Version(number, number, effective_at, applies_to, rules, (Step(85, "alert"), Step(100, "breach")))


@pytest.mark.parametrize(
    ("tier", "priority", "position"),
    [
        ("gold", "high", 0),
        ("GOLD", " High ", 0),
        ("gold", "low", 1),
        ("silver", "critical", 2),
        ("gold", "critical", 1),
        ("", "", 3),
    ],
)
def test_the_first_rule_that_matches_holds(tier: str, priority: str, position: int) -> None:
    rules = rule("Gold", "high"), rule("gold", "*", 1), rule("*", "critical", 2), rule("*", "*", 3)
    found = version(1, START, "new", *rules).match(tier, priority)

    assert found is not None
    assert found.position == position


def test_without_a_match_there_is_no_sla() -> None:
    assert version(1, START, "new", rule("gold", "high")).match("gold", "low") is None


def test_senders_cannot_grow_the_memory_by_inventing_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "CACHE_LIMIT", 10)
    judged = version(1, START, "new", rule("*", "*"))
    for number in range(100):
        assert judged.match(f"tier {number}", "high")

    assert len(judged._matches) <= 10


def test_a_ticket_starts_under_the_latest_version_in_effect() -> None:
    book = Book([version(2, START + DAY), version(1, START), version(3, START + DAY)])

    assert book.base_version(START - DAY) is None
    assert [book.base_version(START + DAY * n).number for n in range(3)] == [1, 3, 3]  # type: ignore[union-attr]


def test_older_tickets_follow_only_versions_that_ask_for_them() -> None:
    book = Book([version(1, START), version(2, START + DAY, "new"), version(3, START + DAY * 2, "rebase")])

    assert [found.number for found in book.later_versions(START)] == [3]
    assert book.later_versions(START + DAY * 2) == ()
    assert book.lone_version(START) is None
    assert book.lone_version(START + DAY * 2) == book.versions[2]
    assert book.next_effective_at(START) == START + DAY * 2
    assert book.next_effective_at(START + DAY * 2) is None


@pytest.mark.parametrize("percents", [(100, 85), (85, 85), (0, 100), (-5,)])
def test_steps_that_do_not_ascend_are_refused(percents: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        Version(1, 1, START, "new", (), tuple(Step(percent, "alert") for percent in percents))


def test_shares_of_a_target_are_exact() -> None:
    judged = Version(1, 1, START, "new", (), (Step(33.33, "alert"), Step(85, "alert"), Step(100, "breach")))

    assert judged.offsets(timedelta(minutes=30)) == (
        (33.33, timedelta(seconds=599.94)),
        (85, timedelta(minutes=25.5)),
        (100, timedelta(minutes=30)),
    )
