"""The log and the tickets' history lie in months: made ahead, filled without loss, dropped whole."""

import io
import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

from tracker import clock, gauges, heartbeats
from tracker.access import Actor
from tracker.models import Event, SweepHeartbeat
from tracker.partitions import (
    EVENTS,
    MONTHLY_TABLES,
    add_months,
    count_months_ahead,
    list_partitions,
    present_month,
)
from tracker.services import partition_moves, partitions
from tracker.services.events import log_event
from tracker.services.partitions import create_partitions, drop_partition
from tracker.sweeps import make_partitions
from tracker.testing.plans import plan_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
LONG_AGO = datetime(2019, 3, 10, tzinfo=UTC)


@pytest.fixture
def _seen_by_all(transactional_db):
    """What other connections are to see stays, unless it is taken away."""
    yield
    _drop_months()


@pytest.fixture(autouse=True)
def _no_pause_and_no_months(request, monkeypatch):
    """Tests of whole installations leave their months behind."""
    monkeypatch.setattr(partitions, "PAUSE_SECONDS", 0.01)
    request.getfixturevalue("_seen_by_all" if "_seen_by_all" in request.fixturenames else "db")
    _drop_months()


def _drop_months():
    with connection.cursor() as cursor:
        for partition in list_partitions():
            if partition.month:
                cursor.execute(f"DROP TABLE {partition.name}")


def _names(table=EVENTS):
    return [partition.name for partition in list_partitions(table)]


def _tell(verb="a.b", at=None):
    return log_event(actor=SYSTEM, verb=verb, at=at).pk


def _where(pk):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM tracker_event WHERE id = %s", [pk])
        return [row[0] for row in cursor.fetchall()]


def test_the_present_month_and_three_more_are_made_once():
    assert count_months_ahead() == -1
    assert create_partitions(actor=SYSTEM) == 8
    assert create_partitions(actor=SYSTEM) == 0
    assert count_months_ahead() == 3
    months = [add_months(present_month(), count) for count in range(4)]
    for table in MONTHLY_TABLES:
        assert _names(table) == [*map(table.partition, months), table.default]
    assert _where(_tell()) == [EVENTS.partition(months[0])]
    assert _where(_tell(at=clock.now() + timedelta(days=999))) == [EVENTS.default]
    logged = Event.objects.filter(verb="partitions.created").values_list("object_id", flat=True)
    assert set(logged) == {table.name for table in MONTHLY_TABLES}


def test_the_sweep_makes_them_and_the_figures_tell(move_clock):
    assert make_partitions() == 8
    assert SweepHeartbeat.objects.get(name="create_partitions").rows == 8
    move_clock(to=clock.now() + timedelta(days=70))
    assert count_months_ahead() in (0, 1)
    gauges._collectors["partitions"].asked_at = float("-inf")
    (ahead,) = (family for family in gauges.collect_gauges() if family.name == "tracker_partition_months_ahead")
    assert ahead.samples[0].value == count_months_ahead()
    assert heartbeats.age("create_partitions") is not None


def test_what_the_default_partition_holds_of_a_coming_month_moves_along_as_it_is():
    keys = [_tell(), _tell(at=LONG_AGO), _tell()]
    before = list(Event.objects.order_by("pk").values_list("pk", "xid", "at", "verb", "data"))
    create_partitions(actor=SYSTEM)
    assert (
        list(Event.objects.filter(pk__in=keys).order_by("pk").values_list("pk", "xid", "at", "verb", "data")) == before
    )
    present = EVENTS.partition(present_month())
    assert [_where(pk) for pk in keys] == [[present], [EVENTS.default], [present]]
    assert _tell() > max(keys)


def test_a_month_of_old_gets_its_own_once_it_is_worth_it(monkeypatch):
    monkeypatch.setattr(partitions, "ROWS_WORTH_A_MONTH", 3)
    many = [_tell(at=LONG_AGO + timedelta(days=day)) for day in range(3)]
    few = [_tell(at=LONG_AGO - timedelta(days=40)) for _ in range(2)]
    create_partitions(actor=SYSTEM)
    assert {tuple(_where(pk)) for pk in many} == {("tracker_event_2019_03",)}
    assert {tuple(_where(pk)) for pk in few} == {("tracker_event_default",)}
    assert list_partitions(EVENTS)[0].end == datetime(2019, 4, 1, tzinfo=UTC)


def test_what_changes_while_rows_are_copied_is_not_lost_and_does_not_come_back(monkeypatch):
    kept, gone = _tell(at=LONG_AGO), _tell(at=LONG_AGO)
    monkeypatch.setattr(partition_moves, "ROWS_AT_ONCE", 1)
    months = [date(2019, 3, 1)]
    partition_moves.copy_months(EVENTS, months)
    late, elsewhere = _tell(at=LONG_AGO), _tell()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL tracker.is_pruning = 'on'")
        cursor.execute("DELETE FROM tracker_event WHERE id = %s", [gone])
    with transaction.atomic():
        partition_moves.swap_in_months(EVENTS, months)
    assert [_where(pk) for pk in (kept, late)] == [["tracker_event_2019_03"]] * 2
    assert (_where(gone), _where(elsewhere)) == ([], [EVENTS.default])


@pytest.mark.parametrize("with_months", [False, True])
def test_no_partition_can_be_rewritten_by_its_own_name_either(with_months):
    pk = _tell()
    if with_months:
        create_partitions(actor=SYSTEM)
    (partition,) = _where(pk)
    for statement in ("UPDATE {} SET verb = 'x'", "DELETE FROM {}"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(partition))


@pytest.mark.usefixtures("_seen_by_all")
def test_whoever_reads_for_long_is_waited_for_a_moment_only_and_all_stays_as_it_was(monkeypatch):
    monkeypatch.setattr(partitions, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(partitions, "PAUSE_SECONDS", 0.05)
    pk = _tell()
    reads, may_end = threading.Event(), threading.Event()

    def read():
        with transaction.atomic():
            Event.objects.count()
            reads.set()
            may_end.wait(120)
        connections.close_all()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert reads.wait(10)
    with pytest.raises(DatabaseError, match="lock timeout"):
        create_partitions(actor=SYSTEM)
    assert _names() == [EVENTS.default]
    may_end.set()
    reader.join()
    # The other table was nobody's, and has its months.
    assert create_partitions(actor=SYSTEM) == 4
    assert _where(pk) == [EVENTS.partition(present_month())]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('tracker_event_default_next')")
        assert cursor.fetchone() == (None,)


@pytest.mark.usefixtures("_seen_by_all")
def test_those_who_write_meanwhile_lose_nothing():
    told, failures, is_over = [], [], threading.Event()

    def write():
        while not is_over.is_set():
            try:
                started = time.monotonic()
                told.append((_tell(), time.monotonic() - started))
            except DatabaseError as error:
                failures.append(error)
        connections.close_all()

    writers = [threading.Thread(target=write, daemon=True) for _ in range(2)]
    for writer in writers:
        writer.start()
    while len(told) < 50:
        time.sleep(0.01)
    create_partitions(actor=SYSTEM)
    before = len(told)
    while len(told) < before + 20:
        time.sleep(0.01)
    is_over.set()
    for writer in writers:
        writer.join()
    assert not failures
    assert set(Event.objects.filter(verb="a.b").values_list("pk", flat=True)) == {pk for pk, _ in told}
    assert {tuple(_where(pk)) for pk in (told[0][0], told[-1][0])} == {(EVENTS.partition(present_month()),)}


def test_months_that_are_over_go_whole_and_what_comes_late_is_taken_all_the_same(monkeypatch):
    monkeypatch.setattr(partitions, "ROWS_WORTH_A_MONTH", 1)
    old, present = _tell(at=LONG_AGO), _tell()
    create_partitions(actor=SYSTEM)
    drop_partition(actor=SYSTEM, partition=list_partitions(EVENTS)[0])
    assert not Event.objects.filter(pk=old).exists()
    assert _where(present) == [EVENTS.partition(present_month())]
    assert Event.objects.filter(verb="partitions.dropped").get().data == {"partitions": ["tracker_event_2019_03"]}
    assert _where(_tell(at=LONG_AGO)) == [EVENTS.default]


def test_the_command_tells_where_everything_lies():
    out = io.StringIO()
    call_command("partitions", create=True, stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0] == "8 made."
    assert lines[1].startswith(EVENTS.partition(present_month()))
    assert len(lines) == 1 + 2 * 5


def test_statements_look_into_no_more_months_than_they_must():
    create_partitions(actor=SYSTEM)
    since = plan_of("SELECT count(*) FROM tracker_event WHERE at >= %s", [clock.now() - timedelta(minutes=1)])
    touched = {node["Relation Name"] for node in since if "Relation Name" in node}
    assert EVENTS.partition(present_month()) in touched
    day = [datetime(2019, 3, 1, tzinfo=UTC), datetime(2019, 3, 2, tzinfo=UTC)]
    of_a_day = plan_of("SELECT count(*) FROM tracker_event WHERE at >= %s AND at < %s", day)
    assert {node["Relation Name"] for node in of_a_day if "Relation Name" in node} == {EVENTS.default}
