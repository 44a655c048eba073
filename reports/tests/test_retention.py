"""What is older than its policy goes, nothing else does, and every figure is the same before and after."""

import dataclasses
import io
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from incidents.choices import AlertState, DeliveryStatus, IssueStatus
from incidents.models import Delivery, Issue, Ticket
from incidents.services.audits import audit
from incidents.services.issue_moves import move_issue
from incidents.services.issues import create_issue, update_issue
from incidents.services.tickets import assign_ticket
from incidents.testing.factories import make_alert, make_channel, make_delivery, make_ticket
from incidents.testing.ticket_events import ingest, make_event
from reports.choices import ReportState
from reports.kinds.backlog import BACKLOG
from reports.kinds.lead_time import LEAD_TIME
from reports.kinds.sla_attainment import SLA_ATTAINMENT
from reports.models import DailyStat, Report
from reports.services.daily_stats import refresh_daily_stats
from reports.services.digests import spell_json
from reports.testing.asking import ask_kind
from reports.testing.factories import make_report
from reports.tests.daily.worlds import World
from tracker import clock, retention
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, PermissionDenied
from tracker.files.keeping import keep_file, kept_since
from tracker.files.uploads import Upload
from tracker.models import Event, RetentionPolicy
from tracker.partitions import EVENTS, list_partitions
from tracker.services.retention import change_policy, ensure_policies, prune_by_policy
from tracker.testing.factories import make_project, make_user, session_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("a test")
THEN = datetime(2026, 2, 2, 12, tzinfo=UTC)
LONG_AFTER = THEN + timedelta(days=4 * 366)


def prune(**seconds):
    return {kind: one.rows for kind, one in prune_by_policy(actor=SYSTEM, **{"max_seconds": 30, **seconds}).items()}


def policy_of(kind):
    ensure_policies()
    return RetentionPolicy.objects.get(kind=kind)


def told(verb="x", **fields):
    return Event.objects.create(**{"at": THEN, "verb": verb, "actor_label": "a", **fields})


@pytest.fixture
def _a_month_of_its_own():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE tracker_event_2026_02 PARTITION OF tracker_event FOR VALUES FROM (%s) TO (%s)",
            [datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)],
        )


def months():
    return [part.name for part in list_partitions(EVENTS) if part.name == "tracker_event_2026_02"]


def all_figures():
    """The daily figures made anew, and reports as of the moments then, in one text."""
    refresh_daily_stats()
    rows = DailyStat.objects.order_by("measure", "project", "day").values_list("measure", "project", "day", "figures")
    asked = {"from": "2026-02-01", "to": "2026-02-28"}
    kinds = [
        ask_kind(kind, as_of=THEN + timedelta(days=days), **asked)
        for kind in (SLA_ATTAINMENT, LEAD_TIME, BACKLOG)
        for days in (2, 5, 40)
    ]
    return [(*row[:2], str(row[2]), spell_json(row[3])) for row in rows], [spell_json(kind) for kind in kinds]


def test_every_figure_is_the_same_before_and_after(move_clock):
    world = World(7)
    with clock.moved(to=THEN):
        ada = make_user(email="ada@example.com")
        for number in range(6):
            ingest(make_event(f"T-{number}", created_at=THEN, minutes=0, updated_at=THEN))
            assign_ticket(actor=SYSTEM, ticket=Ticket.objects.get(external_id=f"T-{number}"), assignee=ada)
    world.live(THEN, THEN + timedelta(days=6), 60)
    with clock.moved(to=THEN + timedelta(days=4)):
        for number in range(4):
            moment = clock.now()
            ingest(make_event(f"T-{number}", "closed", created_at=THEN, updated_at=moment))
            assign_ticket(actor=SYSTEM, ticket=Ticket.objects.get(external_id=f"T-{number}"), assignee=None)
    change_policy(actor=SYSTEM, policy=policy_of("log"), keep_days=365, is_enabled=True)
    move_clock(to=THEN + timedelta(days=400))
    before, lines = all_figures(), Event.objects.count()
    stays = set(Event.objects.filter(verb="ticket.assigned").values_list("pk", flat=True))
    gone = prune()["log"]
    assert gone > 60
    # The one that says what went is new.
    assert Event.objects.count() == lines - gone + 1
    assert stays == set(Event.objects.filter(verb="ticket.assigned").values_list("pk", flat=True))
    assert all_figures() == before
    line = Event.objects.get(verb="retention.pruned")
    assert line.data == {"deleted": {"log": gone}}
    assert policy_of("log").pruned_total == gone
    assert prune()["log"] == 0


def test_the_timeline_of_what_is_still_open_stays_whole(move_clock):
    project = make_project()
    with clock.moved(to=THEN):
        still, done = (create_issue(actor=SYSTEM, values={"title": "x"}, project=project) for _ in range(2))
        for issue in (still, done):
            update_issue(actor=SYSTEM, issue=issue, changes={"title": "y"})
        for status in (IssueStatus.TRIAGED, IssueStatus.IN_PROGRESS, IssueStatus.DONE):
            done = move_issue(actor=SYSTEM, issue=Issue.objects.get(pk=done.pk), status=status)
    move_clock(to=LONG_AFTER)
    prune()
    lines = Event.objects.filter(object_type="issue")
    assert list(lines.order_by("id").values_list("object_id", "verb")) == [
        (str(still.pk), "issue.created"), (str(still.pk), "issue.updated")
    ]  # fmt: skip


def test_a_ticket_s_history_stays_and_the_auditor_does_not_miss_who_sent_it(move_clock):
    with clock.moved(to=THEN):
        ingest(make_event(created_at=THEN, updated_at=THEN, status="closed"))
    move_clock(to=LONG_AFTER)
    prune()
    assert not Event.objects.filter(verb="tickets.ingested").exists()
    page = f"/admin/incidents/ticket/{Ticket.objects.get().pk}/change/"
    assert session_client(make_user()).get(page).status_code == 200
    assert "a ticket event names the line of the log that says who sent it" not in [one.rule for one in audit()]


@pytest.mark.usefixtures("_a_month_of_its_own")
def test_a_month_of_which_nothing_stays_is_dropped_and_another_is_thinned_out(move_clock):
    line = told("ticket.assigned")
    told()
    told(at=THEN + timedelta(days=60))
    move_clock(to=THEN + timedelta(days=1_095 + 40))
    assert prune()["log"] == 1
    assert months() == ["tracker_event_2026_02"]
    assert Event.objects.filter(pk=line.pk).exists()
    # Later than the last whole month.
    assert Event.objects.filter(verb="x").count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tracker.is_pruning', 'on', true)")
    Event.objects.filter(pk=line.pk).delete()
    told()
    assert prune()["log"] == 1
    assert months() == []


def test_deliveries_go_once_they_ended_and_their_alert_is_over(move_clock):
    channel = make_channel()
    over, live = (make_alert(make_ticket(), state=state) for state in (AlertState.RESOLVED, AlertState.FIRING))
    with clock.moved(to=THEN):
        ended = [make_delivery(channel, status=status) for status in ("sent", "dead", "cancelled")]
        whole = make_delivery(channel, status=DeliveryStatus.SENT)
        make_delivery(channel, status=DeliveryStatus.SENT, digest_of=whole)
        make_delivery(channel, over, status=DeliveryStatus.SENT)
        kept = [make_delivery(channel, live, status=DeliveryStatus.SENT), make_delivery(channel)]
    kept.append(make_delivery(channel, status=DeliveryStatus.SENT, created_at=LONG_AFTER - timedelta(days=179)))
    move_clock(to=LONG_AFTER)
    assert prune()["deliveries"] == len(ended) + 3
    assert set(Delivery.objects.all()) == set(kept)


def test_reports_go_with_their_files(move_clock, django_capture_on_commit_callbacks):
    with Upload.of_chunks("rows.csv", [b"a"]) as upload:
        key = keep_file(upload)
    with clock.moved(to=THEN):
        make_report(file_key=key, file_name="rows.csv")
        waiting = make_report(state=ReportState.PENDING)
    with clock.moved(to=LONG_AFTER - timedelta(days=364)):
        young = make_report()
    move_clock(to=LONG_AFTER)
    with django_capture_on_commit_callbacks(execute=True):
        assert prune()["reports"] == 1
    assert set(Report.objects.all()) == {waiting, young}
    assert kept_since(key) is None


def test_what_is_kept_for_ever_or_switched_off_stays(move_clock):
    told()
    move_clock(to=LONG_AFTER)
    for values in ({"keep_days": None, "is_enabled": True}, {"keep_days": 365, "is_enabled": False}):
        change_policy(actor=SYSTEM, policy=policy_of("log"), **values)
        assert "log" not in prune()
    assert Event.objects.filter(verb="x").exists()


@pytest.mark.parametrize("days", [0, 1, 364, 36_501])
def test_nobody_goes_below_the_least_of_a_kind(days):
    with pytest.raises(InvalidInput, match="From 365 to"):
        change_policy(actor=SYSTEM, policy=policy_of("log"), keep_days=days, is_enabled=True)
    assert policy_of("log").keep_days == 1_095


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER])
def test_only_admins_say_how_long(role):
    policy = policy_of("reports")
    with pytest.raises(PermissionDenied):
        change_policy(actor=Actor.of_user(make_user(role)), policy=policy, keep_days=90, is_enabled=True)


def test_one_kind_that_fails_does_not_keep_the_others(monkeypatch, move_clock):
    def fail(before, stop_at):
        raise DatabaseError

    told()
    broken = dataclasses.replace(retention.all_kinds()["notifications"], prune=fail)
    monkeypatch.setitem(retention._kinds, "notifications", broken)
    move_clock(to=LONG_AFTER)
    results = prune_by_policy(actor=SYSTEM, max_seconds=30)
    assert results["notifications"].error == "DatabaseError"
    assert results["log"].rows == 1
    told()
    with pytest.raises(CommandError, match="notifications"):
        call_command("prune", stdout=io.StringIO())


def test_a_run_stops_in_time_and_the_next_one_goes_on(move_clock):
    told()
    move_clock(to=LONG_AFTER)
    assert retention.all_kinds()["log"].prune(LONG_AFTER, time.monotonic()) == (0, False)
    assert not any(one.is_done for one in prune_by_policy(actor=SYSTEM, max_seconds=0).values())
    assert prune()["log"] == 1


def test_the_command_says_what_would_go_and_then_what_went(move_clock):
    told()
    move_clock(to=LONG_AFTER)
    change_policy(actor=SYSTEM, policy=policy_of("reports"), keep_days=None, is_enabled=True)
    out = io.StringIO()
    call_command("prune", "--check", stdout=out)
    assert "Lines of the log: 1 would go, from before 2027-" in out.getvalue()
    assert "Reports: kept for ever." in out.getvalue()
    assert Event.objects.filter(verb="x").exists()
    call_command("prune", stdout=(out := io.StringIO()))
    assert "Lines of the log: 1 deleted." in out.getvalue()


def test_the_page_says_how_much_would_go_and_takes_another_time(move_clock):
    told()
    move_clock(to=LONG_AFTER)
    client, form = session_client(make_user(Role.ADMIN)), "application/x-www-form-urlencoded"
    shown = client.get("/admin/tracker/retentionpolicy/").content.decode()
    assert "Lines of the log" in shown
    assert 'field-due_cell">1<' in shown
    page = f"/admin/tracker/retentionpolicy/{policy_of('log').pk}/change/"
    assert "From 365 to 36500 days" in client.post(page, "keep_days=30&is_enabled=on", form).content.decode()
    assert client.post(page, "keep_days=400&is_enabled=on", form).status_code == 302
    assert policy_of("log").keep_days == 400
    line = Event.objects.get(verb="retention.updated")
    assert (line.before["keep_days"], line.after["keep_days"]) == (1_095, 400)
    assert client.post(page, "keep_days=", form).status_code == 302
    assert (policy_of("log").keep_days, policy_of("log").is_enabled) == (None, False)


def test_maintainers_read_the_page_and_change_nothing_and_reporters_do_not_see_it():
    page = f"/admin/tracker/retentionpolicy/{policy_of('log').pk}/change/"
    client = session_client(make_user(Role.MAINTAINER))
    assert "1095" in client.get(page).content.decode()
    assert client.post(page, "keep_days=400&is_enabled=on", "application/x-www-form-urlencoded").status_code == 403
    assert session_client(make_user(Role.REPORTER)).get(page).status_code == 302
    assert policy_of("log").keep_days == 1_095
