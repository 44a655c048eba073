"""The same set of events gives the same tickets, history, clocks and verdicts, however it came."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.intake.tickets import ingest_events, ingest_rows
from incidents.models import Ticket, TicketEvent
from incidents.services.alerts import sweep_due_clocks
from incidents.services.policies import current_book
from incidents.services.policy_versions import publish_version
from incidents.services.replays import replay_requested
from incidents.sla.calendars import CalendarSpec
from incidents.sla.documents import ALWAYS, ALWAYS_SPEC, RuleSpec, SLADocument
from incidents.sla.policies import Step
from incidents.testing.parallel import run_at_once
from incidents.testing.state_hash import hash_state
from incidents.testing.ticket_events import START, SYSTEM, at, make_event
from tracker import clock
from tracker.models import Project

Events = list[dict[str, Any]]
THE_END = at(100_000)
STATUSES = ["new", "open", "in progress", "Waiting", "resolved", "closed", "Reopened", "Parked", "pending-vendor"]

# Few moments, so that many events meet on one; some before the ticket's creation, some long after.
one_event = st.builds(
    make_event,
    st.sampled_from(["T-1", "T-2"]),
    st.sampled_from(STATUSES),
    st.sampled_from([0, 5, 5.5, 20, 40, 41, 200, 5000]),
    priority=st.sampled_from(["high", "low", "Critical", "odd"]),
    customer_tier=st.sampled_from(["gold", "bronze", "none"]),
    created_at=st.sampled_from([START, at(-30), at(0)]),
)
extras = st.fixed_dictionaries(
    {},
    optional={
        "sequence": st.integers(-2, 3),
        "title": st.sampled_from(["", "A", "B"]),
        "project": st.sampled_from(["", "OPS"]),
        "attributes": st.sampled_from([{}, {"b": 1, "a": [1.5]}, {"a": [1.5], "b": 1}]),
    },
)
some_events = st.lists(st.builds(dict.__or__, one_event, extras), min_size=1, max_size=12)

pytestmark = pytest.mark.attack


@contextmanager
def undone() -> Iterator[None]:
    """A database that forgets."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def write_policies() -> None:
    """Three versions that meet the events midway: a calendar, tickets left out, a rebase."""
    office = CalendarSpec("office", "Europe/Berlin", {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed")})
    steps = (Step(50, "alert", 1), Step(100, "breach", 2), Step(200, "breach", 3))
    second = SLADocument(
        rules=(RuleSpec("none", "*", None, None), RuleSpec("gold", "*", 10, 300, "office", False)),
        calendars={"office": office, ALWAYS: ALWAYS_SPEC},
        steps=steps,
    )
    third = SLADocument(rules=(RuleSpec("*", "*", 20, 100, "office"),), calendars={"office": office}, steps=steps[1:])
    current_book()
    publish_version(actor=SYSTEM, document=second, applies_to="open", effective_at=at(20))
    publish_version(actor=SYSTEM, document=third, applies_to="rebase", effective_at=at(150))


def send(events: Events, *, as_json: bool, moment: Any = THE_END) -> None:
    with clock.moved(to=moment):
        if as_json:
            ingest_events(actor=SYSTEM, body=orjson.dumps(events if len(events) != 1 else events[0]))
        else:
            ingest_rows(actor=SYSTEM, rows=events)


def finish() -> str:
    with clock.moved(to=THE_END):
        replay_requested()
        return hash_state()


@pytest.mark.django_db
@given(events=some_events, seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_any_batches_any_repeats_and_sweeps_in_between(events: Events, seed: int):
    dice = random.Random(seed)
    with undone():
        Project.objects.create(key="OPS", name="Operations")
        with clock.moved(to=at(-60)):
            write_policies()
        with undone():
            send(events, as_json=False)
            expected = finish()
        for _ in range(2):
            with undone():
                arrive_anyhow(events, dice)
                assert finish() == expected
                assert not Ticket.objects.filter(replay_requested_at__isnull=False).exists()


def arrive_anyhow(events: Events, dice: random.Random) -> None:
    """Shuffled, repeated, in batches of any size, some of them as soon as they happen, with sweeps in between."""
    sent = events + dice.choices(events, k=dice.randint(0, 4))
    if dice.random() < 0.5:
        dice.shuffle(sent)
    now = at(0)
    while sent:
        size = dice.choice([1, 1, 2, 5, 20])
        batch, sent = sent[:size], sent[size:]
        now = max(now, *(at(0).fromisoformat(event["updated_at"]) for event in batch))
        now = dice.choice([now, now, now + timedelta(minutes=50)])
        send(batch, as_json=dice.random() < 0.5, moment=now)
        if dice.random() < 0.3:
            with clock.moved(to=now):
                sweep_due_clocks()
                replay_requested(batch_size=1)


def crowd(tickets: int, events_each: int, seed: int, minutes: Callable[[random.Random], float]) -> Events:
    """Many tickets with random events, in random order."""
    dice = random.Random(seed)
    events = [
        make_event(
            f"T-{number}",
            dice.choice(STATUSES),
            minutes(dice),
            priority=dice.choice(["high", "low"]),
            title=dice.choice(["", "A", "B"]),
        )
        for number in range(tickets)
        for _ in range(events_each)
    ]
    dice.shuffle(events)
    return events


def in_batches(events: Events, size: int) -> list[Events]:
    return [events[start : start + size] for start in range(0, len(events), size)]


@pytest.mark.django_db
@pytest.mark.parametrize("tickets", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_ties_at_equal_updated_at_are_broken_alike_in_any_order(tickets):
    events = crowd(tickets, 2, 50, lambda dice: 7)
    hashes = set()
    for order in (events, events[::-1]):
        with undone():
            for batch in in_batches(order, 5_000):
                send(batch, as_json=True)
            hashes.add(finish())
    assert len(hashes) == 1


@pytest.mark.django_db
def test_a_file_in_two_random_orders_and_batch_sizes_leaves_the_same_printed_hash(tmp_path, capsys):
    events = crowd(100, 6, 141, lambda dice: dice.choice([1, 2, 30, 500]))
    (tmp_path / "log.json").write_bytes(orjson.dumps(events))
    printed = set()
    for seed, size in ((1, 500), (2, 77)):
        with undone():
            call_command(
                "ingest_tickets",
                str(tmp_path / "log.json"),
                "--shuffle",
                str(seed),
                "--batch-size",
                str(size),
                "--quiet",
            )
            capsys.readouterr()
            call_command("state_hash")
            printed.add(capsys.readouterr().out)
    assert len(printed) == 1
    assert len(printed.pop()) == 65


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_any_number_of_senders_at_once(seed: int):
    events = crowd(60, 8, seed, lambda dice: dice.choice([1, 5, 5, 30, 500]))
    send(events, as_json=False)
    expected = finish()
    forget_tickets()

    def sender(number: int) -> Callable[[], object]:
        mine = events[number::3] + events[number + 1 :: 3] + events[number + 2 :: 3]
        return partial(send_all, in_batches(mine, 37 + number))

    with clock.moved(to=THE_END):
        assert run_at_once([sender(number) for number in range(4)]) == []
    assert finish() == expected
    assert TicketEvent.objects.count() == len({orjson.dumps(event) for event in events})


@pytest.mark.django_db(transaction=True)
def test_two_batches_with_the_same_tickets_in_opposite_order_never_deadlock():
    current_book()
    moments = iter(range(1, 10_000))
    for round_number in range(100):
        minute = next(moments)
        one = [make_event(f"T-{n}", "open", minute, title="one") for n in range(20)]
        two = [make_event(f"T-{n}", "open", minute, title="two") for n in reversed(range(20))]
        if round_number % 2:
            one, two = [event | {"id": f"N{round_number}-{event['id']}"} for event in one], two
            two = [event | {"id": f"N{round_number}-{event['id']}"} for event in two]
        with clock.moved(to=THE_END):
            assert run_at_once([partial(send_at_the_end, one), partial(send_at_the_end, two)]) == []
    assert Ticket.objects.count() == 20 + 50 * 20
    assert TicketEvent.objects.count() == 100 * 40


@pytest.mark.django_db(transaction=True)
def test_the_same_batch_ten_times_in_sequence_and_at_once_changes_nothing_more():
    events = crowd(300, 3, 48, lambda dice: dice.choice([1, 2, 3]))
    send(events, as_json=True)
    expected = finish()
    for _ in range(9):
        assert {receipt.word for receipt in send_at_the_end(events).receipts} == {"unchanged"}
    with clock.moved(to=THE_END):
        assert run_at_once([partial(send_at_the_end, events)] * 10) == []
    assert finish() == expected


@pytest.mark.django_db(transaction=True)
def test_two_overlapping_batches_of_5000_at_once_equal_one_after_the_other():
    events = crowd(2_500, 3, 52, lambda dice: dice.choice([1, 2, 2, 9]))
    one, two = events[:5_000], events[-5_000:]
    send(one, as_json=False)
    send(two, as_json=False)
    expected = finish()
    forget_tickets()
    with clock.moved(to=THE_END):
        assert run_at_once([partial(send_at_the_end, one), partial(send_at_the_end, two)]) == []
    assert finish() == expected


def send_at_the_end(events: Events) -> Any:
    """Under a clock that stands at the end already."""
    return ingest_rows(actor=SYSTEM, rows=events)


def send_all(batches: list[Events]) -> None:
    for batch in batches:
        send_at_the_end(batch)


def forget_tickets() -> None:
    Ticket.objects.all().delete()
