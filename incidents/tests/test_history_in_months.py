"""What senders tell lies in months, and is told, repeated, late and streamed as if it lay in one table."""

from datetime import date, timedelta

import pytest
from django.db import connection

from incidents.intake.ticket_events import read_rows
from incidents.models import TicketEvent
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audits import audit
from incidents.testing.state_hash import hash_state
from incidents.testing.ticket_events import START, SYSTEM, at, ingest, make_event
from tracker.models import Event
from tracker.partitions import EVENTS
from tracker.realtime.log_reader import SELECT
from tracker.services import partitions
from tracker.services.partitions import create_partitions
from tracker.testing.plans import plan_of

pytestmark = pytest.mark.django_db
MONTH = 31 * 24 * 60
# March, April and May.
TOLD = [
    make_event("T-1"), make_event("T-2"),
    make_event("T-1", "active", MONTH), make_event("T-1", "closed", 2 * MONTH),
]  # fmt: skip


@pytest.fixture
def _in_months(monkeypatch):
    """Whatever is told from here on lies in the months of what is told here."""
    monkeypatch.setattr(partitions, "ROWS_WORTH_A_MONTH", 1)
    ingest(*TOLD)
    create_partitions(actor=SYSTEM)


def _months():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM incidents_ticketevent ORDER BY 1")
        return [row[0].removeprefix("incidents_ticketevent_") for row in cursor.fetchall()]


@pytest.mark.usefixtures("_in_months")
def test_repeats_are_known_and_late_ones_find_their_place_in_any_month():
    assert _months() == ["2026_03", "2026_04", "2026_05"]
    told = ingest(*TOLD, make_event("T-2", "active", 5), make_event("T-1", "waiting", MONTH / 2))
    assert [receipt.word for receipt in told.receipts] == ["unchanged"] * 4 + ["updated", "late"]
    assert [receipt.word for receipt in ingest(TOLD[2]).receipts] == ["unchanged"]
    assert TicketEvent.objects.count() == 6
    sweep_due_clocks()
    assert audit() == []


def test_months_change_nothing_of_what_becomes_of_events(monkeypatch):
    monkeypatch.setattr(partitions, "ROWS_WORTH_A_MONTH", 1)
    ingest(*TOLD)
    before = hash_state()
    assert create_partitions(actor=SYSTEM) == 4 + 4 + 3
    assert hash_state() == before
    history = TicketEvent.objects.filter(ticket__external_id="T-1").order_by("updated_at")
    assert [event.status for event in history] == ["new", "active", "closed"]


@pytest.mark.usefixtures("_in_months")
def test_a_new_event_of_an_old_ticket_is_looked_for_in_its_own_month_alone():
    find = (
        "SELECT e.fingerprint FROM incidents_ticket t LEFT JOIN incidents_ticketevent e ON e.ticket_id = t.id"
        " AND e.updated_at BETWEEN %s AND %s WHERE t.external_id = ANY(%s::text[])"
    )
    nodes = plan_of(find, [at(MONTH), at(MONTH + 5), "{T-1}"])
    touched = {node["Relation Name"] for node in nodes if "Relation Name" in node}
    assert touched == {"incidents_ticket", "incidents_ticketevent_2026_04"}


@pytest.mark.parametrize("by", [timedelta(microseconds=1), timedelta(days=40)])
def test_the_fingerprint_covers_the_moment_that_the_month_is_chosen_by(by):
    (first, second), faults = read_rows([make_event(), make_event(updated_at=START + by)])
    assert not faults
    assert first[1].fingerprint != second[1].fingerprint
    elsewhere = make_event(updated_at="2026-03-02T14:00:00+02:00")
    assert read_rows([elsewhere])[0][0][1].fingerprint == first[1].fingerprint


def test_the_stream_goes_through_all_months_by_index_in_the_order_of_commits():
    with connection.cursor() as cursor:
        for month, end in (("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-03-01")):
            name = EVENTS.partition(date.fromisoformat(month))
            cursor.execute(f"CREATE TABLE {name} PARTITION OF tracker_event FOR VALUES FROM (%s) TO (%s)", [month, end])
        cursor.execute(
            "INSERT INTO tracker_event (xid, at, verb, actor_label, request_id, object_type, object_id, data)"
            " SELECT (n / 20)::text::xid8, '2026-01-01'::timestamptz + (n % 3) * interval '40 days', 'a.b', '', '', '',"
            " '', '{}'"
            " FROM generate_series(1, 2000) n"
        )
        # So small a table is read faster as a whole.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        values = {"xid": "9", "id": 0, "limit": 200}
        nodes = plan_of(SELECT, values)
        cursor.execute(SELECT, values)
        read = [(row[0], row[1]) for row in cursor.fetchall()]
    kinds = {node["Node Type"] for node in nodes}
    assert "Merge Append" in kinds
    assert not kinds & {"Sort", "Seq Scan", "Incremental Sort"}
    expected = sorted((int(row.xid), row.pk) for row in Event.objects.filter(verb="a.b"))
    assert read == [pair for pair in expected if pair > (9, 0)][:200]
