"""Judging tickets anew in memory, under the policy in force or another one."""

import random
from datetime import timedelta

import pytest
from django.db import connection

from incidents.models import Clock, Ticket
from incidents.services.policies import current_book
from incidents.services.rejudging import as_if_always, judge_under
from incidents.sla.policies import Rule, Step, Version
from incidents.sla.working_time import ALWAYS_OPEN
from incidents.testing.ticket_events import START, at, ingest, make_event

pytestmark = pytest.mark.django_db
STATUSES = ("new", "active", "waiting", "resolved", "active", "closed")
STRICT = Version(
    9, 9, START, "open",
    (Rule("*", "*", timedelta(minutes=5), timedelta(minutes=10), ALWAYS_OPEN),), (Step(100, "breach"),),
)  # fmt: skip


def ingest_courses(count: int) -> list[int]:
    """Tickets with one to six events, told out of order; their keys."""
    dice = random.Random(3)
    events = [
        make_event(f"T-{n}", dice.choice(STATUSES), 7 * step, priority=dice.choice(["high", "low"]))
        for n in range(count)
        for step in range(dice.randint(1, 6))
    ]
    dice.shuffle(events)
    ingest(*events)
    return list(Ticket.objects.values_list("pk", flat=True))


def test_under_the_policy_in_force_clocks_are_what_was_written(move_clock):
    move_clock(to=at(600))
    ids = ingest_courses(40)
    fields = ("ticket_id", "kind", "cycle", "state", "verdict", "due_at", "stopped_at", "started_at")
    judged = {
        (case.history.ticket_id, *(getattr(clock, name) for name in fields[1:]))
        for batch in judge_under(current_book(), ids, now=at(600), batch_size=7)
        for case in batch
        for clock in case.clocks
    }
    assert judged == set(Clock.objects.exclude(state="void").values_list(*fields))


def test_another_policy_is_told_as_if_it_had_always_been_there_and_nothing_is_written(
    move_clock, django_assert_num_queries
):
    move_clock(to=at(600))
    ingest(make_event("T-1"), make_event("T-1", "resolved", 20), make_event("T-2", minutes=3))
    ids = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
    before = list(Clock.objects.order_by("pk").values())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT looking; SET TRANSACTION READ ONLY")
        with django_assert_num_queries(2):
            (batch,) = judge_under(as_if_always(STRICT), ids, now=at(600))
        cursor.execute("ROLLBACK TO SAVEPOINT looking")
    done, going = (case.clocks for case in batch)
    assert [(clock.kind, clock.verdict, clock.due_at) for clock in done] == [
        ("response", "breached", at(5)),
        ("resolution", "breached", at(10)),
    ]
    assert [(clock.state, clock.due_at) for clock in going] == [("running", at(5)), ("running", at(10))]
    assert list(Clock.objects.order_by("pk").values()) == before


def test_history_counts_as_it_was_known_at_a_moment(move_clock):
    move_clock(to=at(5))
    ingest(make_event("T-1"))
    move_clock(to=at(60))
    ingest(make_event("T-1", "resolved", 4), make_event("T-2", minutes=50))
    ids = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
    (known,) = judge_under(current_book(), ids, now=at(60), as_of=at(59))
    assert [clock.state for case in known for clock in case.clocks] == ["running", "running"]
    (now_known,) = judge_under(current_book(), ids, now=at(60))
    assert [len(case.history.events) for case in now_known] == [2, 1]
