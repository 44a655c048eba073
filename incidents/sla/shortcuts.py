"""Shortcuts for what is met most: what the walk of `judging` would answer, at a fraction of its cost, or nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from incidents.sla.history import WAITING, HistoryEvent, Life, Moment
from incidents.sla.judging import ClockState, State, Verdict
from incidents.sla.policies import RESOLUTION, RESPONSE, Book, Rule, Version
from incidents.sla.working_time import ALWAYS_OPEN


def judge_fresh(created_at: datetime, event: HistoryEvent, book: Book) -> list[ClockState] | None:
    """`replay` for what ingest meets most: one event, open, promised both ways round the clock, no later version.

    None where anything is different. The long way gives the same, at several times the cost.
    """
    at, category = event.at, event.category
    version = book.lone_version(created_at)
    if version is None or at.tzinfo is not UTC or (category != "new" and category != "active"):
        return None
    rule = version.match(event.tier, event.priority)
    if rule is None or rule.calendar is not ALWAYS_OPEN or rule.response is None or rule.resolution is None:
        return None
    if at < created_at:
        at = created_at
    elapsed = at - created_at
    try:
        answer_due, due = created_at + rule.response, created_at + rule.resolution
        answers: list[datetime | None] = [created_at + offset for _, offset in version.offsets(rule.response)]
        crossings = tuple([created_at + offset for _, offset in version.offsets(rule.resolution)])
    except OverflowError:
        return None
    state: State = "running"
    verdict: Verdict | None = None
    answered_at = None
    if category != "new":
        state, verdict, answered_at = "stopped", "breached" if answer_due < at else "met", at
        answers = [moment if moment is not None and moment < at else None for moment in answers]
    # Positional: keywords alone would cost a tenth of the whole.
    return [
        ClockState(
            RESPONSE, 1, version, rule, rule.response, state, verdict,
            created_at, answered_at, answer_due, elapsed, at, tuple(answers),
        ),
        ClockState(
            RESOLUTION, 1, version, rule, rule.resolution, "running", None,
            created_at, None, due, elapsed, at, crossings,
        ),
    ]  # fmt: skip


def judge_steady(life: Life, moments: Sequence[Moment], book: Book) -> ClockState | None:
    """`judge` for a life that one rule governs throughout, round the clock, without a pause or a later version.

    None where anything is different.
    """
    version = book.lone_version(moments[0].at)
    rule = _find_lone_rule(life, moments, version) if version is not None else None
    target = rule.target(life.kind) if rule is not None else None
    if version is None or rule is None or target is None:
        return None
    started_at = moments[life.first].at
    stopped_at = None if life.last is None else moments[life.last].at
    anchor_at = stopped_at or moments[-1].at
    try:
        due_at = started_at + target
        crossings: list[datetime | None] = [started_at + offset for _, offset in version.offsets(target)]
    except OverflowError:
        return None
    state: State = "running"
    verdict: Verdict | None = None
    if stopped_at is not None:
        state, verdict = "stopped", "breached" if due_at < stopped_at else "met"
        crossings = [moment if moment is not None and moment < stopped_at else None for moment in crossings]
    return ClockState(
        life.kind, life.cycle, version, rule, target, state, verdict,
        started_at, stopped_at, due_at, anchor_at - started_at, anchor_at, tuple(crossings),
    )  # fmt: skip


def _find_lone_rule(life: Life, moments: Sequence[Moment], version: Version) -> Rule | None:
    """The one rule of a life's whole length, where it counts round the clock and nothing pauses it."""
    end = len(moments) if life.last is None else max(life.last, life.first + 1)
    rule = version.match(moments[life.first].last.tier, moments[life.first].last.priority)
    if rule is None or rule.calendar is not ALWAYS_OPEN:
        return None
    for moment in moments[life.first : end]:
        if moment.category == WAITING and rule.pauses_when_waiting:
            return None
        if version.match(moment.last.tier, moment.last.priority) is not rule:
            return None
    return rule
