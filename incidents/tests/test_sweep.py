"""The sweep: each threshold told once, at the cost of what is due."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from incidents.models import Alert, Clock, Delivery
from incidents.services.alert_statements import ADVANCE, CLAIM, FIRE
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audits import audit
from incidents.sweeps import replay_tickets, sweep_sla
from incidents.testing.factories import make_channel
from incidents.testing.parallel import run_at_once
from incidents.testing.ticket_events import START, at, ingest, make_event
from tracker.models import Event, SweepHeartbeat
from tracker.testing.plans import plan_of

DUE_AT = at(153)


def ingest_crowd(count: int = 1_000, **changes: Any) -> None:
    """Tickets that are answered and whose resolution is at 85 % at DUE_AT."""
    ingest(*(make_event(f"T-{n}", "active", 10, **changes) for n in range(count)))


def alerts(**filters: Any) -> list[tuple[str, float, str]]:
    found = Alert.objects.filter(**filters).order_by("kind", "percent")
    return [(alert.kind, float(alert.percent), alert.state) for alert in found]


@pytest.mark.django_db
def test_a_threshold_is_told_once_with_the_time_of_the_deadline_and_not_of_the_sweep(move_clock):
    move_clock(to=at(155))
    ingest(make_event(status="active", minutes=10))
    assert sweep_sla() == 1
    alert = Alert.objects.get()
    assert (alert.sla_state, alert.level, alert.crossed_at, alert.fired_at) == ("alert", 1, DUE_AT, at(155))
    assert alert.details == {"elapsed_minutes": 153, "target_minutes": 180, "percent_used": 85}
    move_clock(to=at(155) + timedelta(hours=1))
    assert sweep_sla() == 1
    assert sweep_sla() == 0
    assert alerts() == [("resolution", 85, "firing"), ("resolution", 100, "firing")]
    assert Event.objects.filter(verb="alert.fired").count() == 2
    assert SweepHeartbeat.objects.get(name="sweep_sla").rows_total == 2


@pytest.mark.django_db
def test_what_was_crossed_before_the_stop_is_told_and_over_at_once(move_clock):
    move_clock(to=at(200))
    ingest(make_event(status="active", minutes=29))
    sweep_due_clocks()
    assert alerts(kind="response") == [("response", 85, "resolved")]
    assert Alert.objects.get(kind="response").resolved_at == at(29)


@pytest.mark.django_db
def test_a_flood_is_swept_batch_by_batch(move_clock):
    ingest_crowd(50)
    move_clock(to=DUE_AT)
    assert sweep_due_clocks(batch_size=20).alerts == 50
    assert sweep_due_clocks(batch_size=20).clocks == 0


@pytest.mark.django_db
def test_a_sweep_whose_time_is_up_leaves_the_rest_for_the_next(move_clock):
    ingest_crowd(50)
    move_clock(to=DUE_AT)
    assert sweep_due_clocks(batch_size=20, max_seconds=0).alerts == 20
    assert sweep_due_clocks().alerts == 30


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_released_at_once_tell_each_threshold_once(move_clock):
    make_channel(name="ops", kind="webhook")
    ingest_crowd()
    move_clock(to=DUE_AT)
    for _ in range(20):
        assert run_at_once([lambda: sweep_due_clocks(batch_size=100)] * 2) == []
        assert Alert.objects.count() == Delivery.objects.count() == 1_000
        assert Event.objects.filter(verb="alert.fired").count() == 1_000
        forget_alerts()


def forget_alerts() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE incidents_alert, incidents_delivery")
        cursor.execute("TRUNCATE tracker_event")
        cursor.execute(
            "UPDATE incidents_clock SET alerted_percent = 0, next_check_at = crossings[1] WHERE kind = 'resolution'"
        )


@contextmanager
def another_session(statement: str) -> Iterator[psycopg.Connection]:
    """A transaction of somebody else that holds what it has locked."""
    settings = connection.get_connection_params()
    keys = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{key: settings[key] for key in keys if settings.get(key)}) as other:
        other.execute(statement)
        yield other
        other.rollback()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM incidents_ticket WHERE external_id = 'T-7' FOR UPDATE",
        "SELECT 1 FROM incidents_clock c JOIN incidents_ticket t ON t.id = c.ticket_id"
        " WHERE t.external_id = 'T-7' FOR UPDATE OF c",
    ],
)
def test_whoever_holds_a_row_holds_up_nobody_else(move_clock, statement):
    ingest_crowd(100)
    move_clock(to=DUE_AT)
    with another_session(statement):
        assert sweep_due_clocks().alerts >= 99
    sweep_due_clocks()
    assert Alert.objects.count() == 100


@pytest.mark.django_db(transaction=True)
def test_a_held_ticket_is_replayed_by_the_next_sweep_and_the_others_now(move_clock):
    ingest_crowd(20)
    connection.cursor().execute("UPDATE incidents_ticket SET replay_requested_at = '2026-01-01Z'")
    with another_session("SELECT 1 FROM incidents_ticket WHERE external_id = 'T-7' FOR UPDATE"):
        assert replay_tickets() == 19
    assert replay_tickets() == 1


@pytest.mark.django_db
def test_a_clock_that_jumps_makes_no_negative_time_and_tells_nothing_twice(move_clock):
    ingest(make_event())
    for minutes in (155, 95, 215, 155, 100, 160, 300, 240, 301):
        move_clock(to=at(minutes))
        sweep_due_clocks()
        ingest(make_event("T-2", "active", 60))
    assert Clock.objects.filter(elapsed_seconds__lt=0).count() == 0
    assert len(alerts(ticket__external_id="T-1")) == 4
    assert not Alert.objects.exclude(round=1).exists()
    for alert in Alert.objects.all():
        assert alert.details["elapsed_minutes"] > 0
    assert audit() == []


@pytest.mark.django_db
def test_the_hot_statements_go_by_the_index_of_what_is_due_and_never_through_the_table(move_clock):
    ingest_crowd(3_000)
    move_clock(to=DUE_AT)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE incidents_clock SET next_check_at = now() + interval '1 year' WHERE id % 50 > 0")
        cursor.execute("ANALYZE incidents_clock, incidents_ticket")
        # Few, as it pays to read all of so small a table otherwise.
        cursor.execute(CLAIM, [DUE_AT, 20])
        places = [row[0] for row in cursor.fetchall()]
    parameters = {"places": places, "now": DUE_AT, "actor": "test"}
    claim = plan_of(CLAIM, [DUE_AT, 20])
    assert {node["Index Name"] for node in claim if "Index Name" in node} == {"clock_to_check"}
    for nodes in (claim, plan_of(FIRE, parameters), plan_of(ADVANCE, parameters)):
        touched = {(node["Node Type"], node.get("Relation Name")) for node in nodes}
        assert ("Seq Scan", "incidents_clock") not in touched
        assert ("Seq Scan", "incidents_ticket") not in touched


@pytest.mark.django_db
def test_the_command_sweeps_and_says_what_it_did(move_clock, capsys):
    ingest(make_event(status="active", minutes=10))
    move_clock(to=DUE_AT)
    call_command("sweep_sla")
    assert capsys.readouterr().out == "0 tickets replayed, 1 clocks due, 1 alerts fired.\n"
    assert START < DUE_AT
