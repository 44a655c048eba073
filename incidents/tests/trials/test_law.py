"""A preview says exactly what publishing then does, to every ticket; and it does nothing itself."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from incidents.models import Alert, Clock, PolicyTrial, PolicyVersion, Ticket, TicketStatus
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_trials import apply_trial, request_trial
from incidents.services.policy_versions import publish_version
from incidents.services.replays import replay_requested
from incidents.services.trial_figures import MOVES, Standing, tell_move
from incidents.sla.documents import RuleSpec, SLADocument, default_document
from incidents.testing.ticket_events import SYSTEM, at
from incidents.tests.trials.courses import ingest_courses, mixed_policy, promise
from tracker.models import Event

pytestmark = pytest.mark.django_db
NOW = at(600)


def read_standings() -> dict[int, tuple[str, str, Standing]]:
    """How the open tickets stand, by what is stored of them."""
    live = set(Clock.objects.filter(state__in=["running", "paused"]).values_list("ticket_id", flat=True))
    return {
        row.pk: (row.customer_tier, row.priority, Standing(row.pk in live, row.due_at, row.sla_state))
        for row in Ticket.objects.filter(is_open=True)
    }


def compare(before: dict[int, Any], after: dict[int, Any]) -> dict[tuple[str, str], Counter[str]]:
    """The same counts as a preview's, from what was stored before and after."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for pk, (tier, priority, stood) in before.items():
        stands = after[pk][2]
        counts = found.setdefault((tier, priority), Counter())
        counts.update(["total", tell_move(stood, stands), f"{stood.state}_before", f"{stands.state}_after"])
        if stands.state != stood.state:
            counts.update({"breached": int(stands.state == "breach"), "healed": int(stood.state == "breach")})
    return found


def publish_and_undo(trial: PolicyTrial, applies_to: str) -> dict[int, Any]:
    """How tickets stand once it is published, without its staying."""
    with transaction.atomic():
        apply_trial(actor=SYSTEM, trial=trial, applies_to=applies_to)
        replay_requested()
        standings = read_standings()
        transaction.set_rollback(True)
    return standings


GOLD_ALONE = promise(1, 1, rules=(RuleSpec("gold", "*", 10, 200),))


def change_of_a_few() -> SLADocument:
    """The built-in policy, with other words for all but gold."""
    *rules, fallback = default_document().rules
    return replace(default_document(), rules=(*rules, replace(fallback, resolution_minutes=200)))


@pytest.mark.parametrize(
    ("seed", "promised", "tried", "words"),
    [
        (1, None, mixed_policy(), ("earlier", "later", "same", "lost", "breached", "healed")),
        (2, GOLD_ALONE, mixed_policy(), ("gained", "none")),
        (3, None, change_of_a_few(), ("earlier", "same", "breached")),
    ],
    ids=["for many", "where few were promised anything", "for a few"],
)
def test_what_is_previewed_is_what_comes_to_pass_for_each_ticket_and_each_way_of_publishing(
    move_clock, seed, promised, tried, words
):
    move_clock(to=NOW)
    ingest_courses(80, seed=seed)
    if promised is not None:
        publish_version(actor=SYSTEM, document=promised, applies_to="rebase")
        replay_requested()
    trial = request_trial(actor=SYSTEM, document=tried)
    assert run_waiting_trials() == 1
    trial.refresh_from_db()
    assert trial.result
    before = read_standings()
    seen: Counter[str] = Counter()
    for applies_to in ("new", "open", "rebase"):
        expected = compare(before, publish_and_undo(trial, applies_to))
        told = trial.result["open_tickets"][applies_to]
        for group in told["groups"]:
            counts = {
                name: count for name, count in group.items() if name not in ("customer_tier", "priority") and count
            }
            assert counts == {k: v for k, v in expected.pop((group["customer_tier"], group["priority"])).items() if v}
        assert not expected
        seen.update({move: told["totals"][move] for move in (*MOVES, "breached", "healed")})
    assert all(seen[word] for word in words), seen


def test_examples_name_the_tickets_and_the_deadlines_that_they_get(move_clock):
    move_clock(to=NOW)
    ingest_courses(40, seed=5)
    trial = request_trial(actor=SYSTEM, document=mixed_policy())
    run_waiting_trials()
    trial.refresh_from_db()
    assert trial.result
    shown = trial.result["open_tickets"]["open"]["examples"]
    before = read_standings()
    after = publish_and_undo(trial, "open")
    names = dict(Ticket.objects.values_list("external_id", "pk"))
    assert shown["earlier"]
    assert shown["breached"]
    for row in [row for rows in shown.values() for row in rows]:
        stood, stands = before[names[row["ticket"]]][2], after[names[row["ticket"]]][2]
        assert row["due_before"] == (stood.due_at.isoformat() if stood.due_at else None)
        assert row["due_after"] == (stands.due_at.isoformat() if stands.due_at else None)


def test_a_preview_for_later_says_how_tickets_will_stand_then(move_clock):
    move_clock(to=NOW)
    ingest_courses(40, seed=7)
    later = NOW + timedelta(hours=30)
    publish_version(actor=SYSTEM, document=promise(700, 1500), effective_at=NOW + timedelta(hours=20))
    trial = request_trial(actor=SYSTEM, document=mixed_policy(), effective_at=later)
    run_waiting_trials()
    trial.refresh_from_db()
    assert trial.result
    assert trial.result["effective_at"] == later.isoformat()
    with transaction.atomic():
        move_clock(to=later)
        replay_requested()
        before = read_standings()
        transaction.set_rollback(True)
    move_clock(to=NOW)
    apply_trial(actor=SYSTEM, trial=trial, applies_to="open")
    replay_requested()
    move_clock(to=later)
    replay_requested()
    expected = sum(compare(before, read_standings()).values(), Counter())
    totals = trial.result["open_tickets"]["open"]["totals"]
    assert {name: count for name, count in totals.items() if count} == {k: v for k, v in expected.items() if v}


def test_previewing_writes_nothing_but_the_preview(move_clock):
    move_clock(to=NOW)
    ingest_courses(30, seed=3)
    tables = (Ticket, Clock, Alert, PolicyVersion, TicketStatus)
    before = [list(model.objects.order_by("pk").values()) for model in tables]
    events = Event.objects.count()
    request_trial(actor=SYSTEM, document=mixed_policy())
    run_waiting_trials()
    assert [list(model.objects.order_by("pk").values()) for model in tables] == before
    assert list(Event.objects.order_by("pk").values_list("verb", flat=True))[events:] == ["policy.previewed"]


def test_a_back_test_counts_what_was_judged_and_what_would_have_been(move_clock):
    move_clock(to=NOW)
    ingest_courses(80, seed=4)
    stopped = Clock.objects.filter(verdict__isnull=False)
    judged = Counter(stopped.values_list("kind", "verdict"))
    assert judged["response", "breached"]
    same, none, strict = (
        request_trial(actor=SYSTEM, document=document)
        for document in (
            mixed_policy(), promise(None, 100_000), promise(1, 1),
        )
    )  # fmt: skip
    run_waiting_trials()
    for trial in (same, none, strict):
        trial.refresh_from_db()
        totals = trial.result["backtest"]["totals"]
        for kind in ("response", "resolution"):
            assert (totals[kind]["judged_met"], totals[kind]["judged_breached"]) == (
                judged[kind, "met"],
                judged[kind, "breached"],
            )
    response, resolution = (none.result["backtest"]["totals"][kind] for kind in ("response", "resolution"))
    assert (response["under_percent"], response["no_longer_promised"]) == (
        None,
        judged["response", "met"] + judged["response", "breached"],
    )
    assert resolution["under_percent"] == 100
    assert resolution["turned_met"] == judged["resolution", "breached"]
    assert strict.result["backtest"]["totals"]["response"]["under_percent"] < response["judged_percent"]
    assert_spoken_by_a_policy_that_was_always_there(strict)


def assert_spoken_by_a_policy_that_was_always_there(trial: PolicyTrial) -> None:
    """The verdicts of the back-test are those that come out when the policy is put before all history."""
    assert trial.result
    version = publish_version(actor=SYSTEM, document=promise(1, 1), applies_to="rebase")
    PolicyVersion.objects.filter(pk=version.pk).update(effective_at=at(-1_000), created_at=at(-1_000))
    Ticket.objects.update(replay_requested_at=NOW)
    replay_requested()
    spoken = Counter(Clock.objects.filter(verdict__isnull=False).values_list("kind", "verdict"))
    for kind, totals in trial.result["backtest"]["totals"].items():
        assert (totals["under_met"], totals["under_breached"]) == (spoken[kind, "met"], spoken[kind, "breached"])


def test_only_verdicts_of_the_days_asked_for_count(move_clock):
    move_clock(to=NOW)
    ingest_courses(20, seed=6)
    move_clock(to=NOW + timedelta(days=5))
    week, day = (request_trial(actor=SYSTEM, document=promise(1, 1), backtest_days=days) for days in (7, 4))
    run_waiting_trials()
    week.refresh_from_db()
    day.refresh_from_db()
    assert week.result
    assert day.result
    assert week.result["backtest"]["totals"]["response"]["judged_met"]
    assert day.result["backtest"]["groups"] == []
