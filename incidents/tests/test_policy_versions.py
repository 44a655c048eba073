"""Publishing the policy: versions, whom they govern from when, and what is judged for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import override_settings

from incidents.models import Alert, Calendar, Clock, PolicyVersion, Ticket
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audits import audit
from incidents.services.policies import current_book
from incidents.services.policy_documents import read_document
from incidents.services.policy_versions import ensure_default_policy, publish_version, withdraw_version
from incidents.services.replays import replay_requested
from incidents.sla.calendars import CalendarSpec
from incidents.sla.documents import RuleSpec, SLADocument, default_document
from incidents.sla.policies import Step
from incidents.testing.ticket_events import START, SYSTEM, at, ingest, make_event
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, PermissionDenied
from tracker.models import Event, User

pytestmark = pytest.mark.django_db


def promise(response: int, resolution: int, **changes) -> SLADocument:
    document = SLADocument(
        rules=(RuleSpec("*", "*", response, resolution),),
        calendars=default_document().calendars,
        steps=(Step(85, "alert", 1), Step(100, "breach", 2)),
    )
    return replace(document, **changes)


def clock_of(ticket: str = "T-1", kind: str = "resolution") -> Clock:
    return Clock.objects.get(ticket__external_id=ticket, kind=kind)


def test_there_is_always_a_policy():
    assert PolicyVersion.objects.count() == 0
    assert current_book().versions[0].number == 1
    version = PolicyVersion.objects.get()
    assert read_document(version).rules == default_document().rules
    assert Event.objects.get(verb="policy.published").object_id == str(version.pk)


@pytest.mark.parametrize(
    ("tier", "priority", "minutes"),
    [
        ("gold", "high", (30, 180)), ("gold", "medium", (60, 240)), ("gold", "low", (120, 360)),
        ("silver", "high", (60, 360)), ("bronze", "low", (480, 1440)), ("gold", "critical", (15, 90)),
        ("iron", "whatever", (480, 1440)), ("GOLD", "High", (30, 180)),
    ],
)  # fmt: skip
def test_the_built_in_targets_hold_from_the_first_event_on(tier, priority, minutes):
    ingest(make_event(customer_tier=tier, priority=priority))
    assert (clock_of(kind="response").target_minutes, clock_of().target_minutes) == minutes


def test_other_thresholds_in_the_settings_make_a_next_built_in_version():
    assert ensure_default_policy().number == 1
    with override_settings(ALERT_THRESHOLD=0.5, BREACH_THRESHOLD=1.2):
        version = ensure_default_policy()
        assert version.number == ensure_default_policy().number == 2
    assert [float(step.percent) for step in version.steps.all()] == [50, 120]
    assert read_document(version).rules == default_document().rules


def test_thresholds_in_the_settings_do_not_touch_a_policy_of_ones_own():
    publish_version(actor=SYSTEM, document=promise(10, 100))
    with override_settings(ALERT_THRESHOLD=0.5):
        assert ensure_default_policy().number == 2


def test_a_version_reads_back_as_the_document_that_was_published():
    office = CalendarSpec("office", "Europe/Berlin", {"mon": [("09:00", "17:00")]}, "DE", "BY", ("2026-12-24",))
    document = promise(10, 100, calendars={"office": office}, rules=(RuleSpec("gold", "*", None, 5, "office", False),))
    read = read_document(publish_version(actor=SYSTEM, document=document))
    assert (read.rules, read.steps) == (document.rules, document.steps)
    assert publish_version(actor=SYSTEM, document=read).number == 3
    assert Calendar.objects.filter(name="office").count() == 1, "an unchanged calendar is not stored again"


def test_a_changed_calendar_becomes_its_next_version_and_leaves_the_old_one_alone():
    def office(hour: str) -> SLADocument:
        spec = CalendarSpec("office", hours={"mon": [(hour, "17:00")]})
        return promise(10, 100, calendars={"office": spec}, rules=(RuleSpec("*", "*", 10, 100, "office"),))

    first = publish_version(actor=SYSTEM, document=office("09:00"))
    publish_version(actor=SYSTEM, document=office("08:00"))
    assert list(Calendar.objects.filter(name="office").values_list("version", flat=True)) == [2, 1]
    assert first.rules.get().calendar.hours == {"mon": [["09:00", "17:00"]]}


def test_the_log_tells_before_and_after():
    publish_version(actor=SYSTEM, document=promise(10, 100), note="Faster")
    event = Event.objects.filter(verb="policy.published").latest("id")
    assert event.before
    assert event.after
    assert event.before["number"] == 1
    assert event.after["rules"][0]["response_minutes"] == 10
    assert event.data["note"] == "Faster"


@pytest.mark.parametrize("applies_to", ["open", "rebase", "new"])
def test_a_version_governs_open_tickets_as_it_says(move_clock, applies_to):
    move_clock(to=at(60))
    ingest(make_event("T-old", "active", 10))
    publish_version(actor=SYSTEM, document=promise(10, 100), applies_to=applies_to)
    replay_requested()
    move_clock(to=at(61))
    ingest(make_event("T-new", "new", 61, created_at=at(61)))
    old, new = clock_of("T-old"), clock_of("T-new")
    assert new.target_minutes == 100
    assert (old.target_minutes, old.policy.number) == ((180, 1) if applies_to == "new" else (100, 2))
    assert old.due_at == at(180 if applies_to == "new" else 100)
    assert clock_of("T-old", "response").target_minutes == 30, "a stopped clock keeps what it was judged by"


def test_a_closed_ticket_is_as_judged_whatever_is_published_and_whatever_comes_late(move_clock):
    move_clock(to=at(300))
    ingest(make_event(status="new"), make_event(status="resolved", minutes=170))
    before = Clock.objects.order_by("kind").values("kind", "verdict", "policy_id", "target_minutes", "due_at")
    judged = list(before)
    for applies_to in ("open", "rebase"):
        publish_version(actor=SYSTEM, document=promise(1, 2), applies_to=applies_to)
    assert replay_requested() == 0
    ingest(make_event(status="closed", minutes=290))
    assert list(before.all()) == judged
    assert [row["verdict"] for row in judged] == ["met", "breached"]


def test_a_version_for_later_is_silent_until_its_moment(move_clock):
    move_clock(to=at(5))
    ingest(make_event("T-before"))
    publish_version(actor=SYSTEM, document=promise(10, 100), effective_at=at(50), applies_to="open")
    ingest(make_event("T-between", created_at=at(4), minutes=4))
    assert replay_requested() == 0
    move_clock(to=at(50))
    assert replay_requested() == 2
    assert replay_requested() == 0
    assert [clock_of(name).target_minutes for name in ("T-before", "T-between")] == [100, 100]
    assert Ticket.objects.filter(replay_requested_at__isnull=False).count() == 0


def test_a_moment_in_the_past_means_at_once(move_clock):
    move_clock(to=at(5))
    assert publish_version(actor=SYSTEM, document=promise(1, 2), effective_at=START).effective_at == at(5)


def test_what_a_sender_with_a_fast_clock_has_closed_is_not_judged_by_a_version_published_meanwhile(move_clock):
    move_clock(to=at(1))
    ingest(make_event(), make_event(status="resolved", minutes=4))
    version = publish_version(actor=SYSTEM, document=promise(1, 1), applies_to="rebase")
    assert version.effective_at == at(4)
    ingest(make_event(status="closed", minutes=5))
    assert set(Clock.objects.values_list("verdict", flat=True)) == {"met"}


def test_a_version_that_is_not_in_effect_yet_can_be_taken_back(move_clock):
    move_clock(to=at(5))
    ingest(make_event())
    scheduled = publish_version(actor=SYSTEM, document=promise(1, 2), effective_at=at(50))
    withdraw_version(actor=SYSTEM, version=scheduled)
    move_clock(to=at(51))
    replay_requested()
    assert clock_of().target_minutes == 180
    in_effect = publish_version(actor=SYSTEM, document=promise(1, 2))
    with pytest.raises(Conflict):
        withdraw_version(actor=SYSTEM, version=in_effect)


def test_a_faulty_document_is_refused_with_every_fault_and_nothing_is_stored():
    current_book()
    document = promise(0, 100, steps=(Step(100, "breach", 2), Step(85, "alert", 1)))
    with pytest.raises(InvalidInput) as caught:
        publish_version(actor=SYSTEM, document=document, applies_to="all", note="x" * 301)
    fields = {fault.field for fault in caught.value.details}
    assert fields >= {"rules[0].response_minutes", "steps[1].percent", "steps[1].state", "applies_to", "note"}
    assert PolicyVersion.objects.count() == 1


def test_a_failure_halfway_leaves_nothing(monkeypatch):
    ingest(make_event())
    monkeypatch.setattr("incidents.services.policy_versions.log_event", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish_version(actor=SYSTEM, document=promise(1, 2))
    assert PolicyVersion.objects.count() == 1
    assert not Ticket.objects.filter(replay_requested_at__isnull=False).exists()


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER])
def test_only_admins_publish_and_take_back(role):
    actor = Actor.of_user(User.objects.create_user(email="someone@example.com", password="x", role=role))
    with pytest.raises(PermissionDenied):
        publish_version(actor=actor, document=promise(1, 2))
    with pytest.raises(PermissionDenied):
        withdraw_version(actor=actor, version=ensure_default_policy())


def test_while_a_file_owns_the_policy_nobody_else_publishes():
    with override_settings(SLA_CONFIG_PATH="/etc/tracker/sla.yaml"), pytest.raises(Conflict, match=r"sla\.yaml"):
        publish_version(actor=SYSTEM, document=promise(1, 2))


def test_steps_that_a_new_version_lacks_stay_told_and_those_it_brings_are_told_once(move_clock):
    move_clock(to=at(160))
    ingest(make_event())
    sweep_due_clocks()
    steps = (Step(50, "alert", 1), Step(95, "alert", 3), Step(100, "breach", 4))
    publish_version(actor=SYSTEM, document=promise(30, 180, steps=steps))
    replay_requested()
    assert sweep_due_clocks().alerts == 3, "50 % of both clocks, 95 % of the response"
    assert sweep_due_clocks().alerts == 0
    alerts = Alert.objects.filter(kind="resolution").order_by("percent")
    assert [(float(alert.percent), alert.state) for alert in alerts] == [(50, "firing"), (85, "firing")]
    assert clock_of().alerted_percent == 85
    assert clock_of().next_check_at == START + timedelta(minutes=171)
    assert audit() == []
