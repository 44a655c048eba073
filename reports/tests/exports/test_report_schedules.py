"""Schedules of reports: each time once for each recipient, with their rights, whatever is down or doubled meanwhile."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import PeriodicTask

from incidents.testing.parallel import run_at_once
from reports.kinds import KINDS
from reports.models import Report, ReportMailing, ReportRound
from reports.services import report_schedules
from reports.services.report_schedules import GENERATE_REPORT, order_due_reports
from reports.sweeps import generate_report
from reports.testing.kinds import make_kind
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput
from tracker.models import Event
from tracker.schedule_times import Daily, Every, Monthly, Weekly, last_due, read_when
from tracker.services.schedules import change_schedule, create_schedule
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
MORNING = Daily(7, 0, "Europe/Zurich")
# Sunday; clocks go forward in the night before.
START = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())


class Moment:
    """Now, for as long as the test says nothing else."""

    def __init__(self, clocks):
        self._clocks, self._at = clocks, START
        self.shift(timedelta())

    def shift(self, span):
        self._at += span
        self._clocks.enter_context(clock.moved(to=self._at))


@pytest.fixture
def moment():
    with ExitStack() as clocks:
        yield Moment(clocks)


def plan(*people, when=MORNING, **kwargs):
    order = {"kind": "tiny", "parameters": {"size": 2}, "recipients": [person.email for person in people], **kwargs}
    row = create_schedule(SYSTEM, name="Every morning", task=GENERATE_REPORT, when=when, kwargs=order)
    order_due_reports()
    return row


def test_each_recipient_gets_one_report_of_their_own_each_time(moment):
    people = [make_user(), make_user(Role.REPORTER)]
    plan(*people)
    assert not Report.objects.exists()
    moment.shift(timedelta(days=1))
    for _ in range(3):
        generate_report(kind="ignored")
    owned = Report.objects.order_by("id").values_list("owner", "owner_role", "schedule", "as_of")
    due = datetime(2026, 3, 30, 5, 0, tzinfo=UTC)
    assert list(owned) == [(person.pk, person.role, "Every morning", due) for person in people]
    assert ReportMailing.objects.filter(posted_at=None).count() == 2


def test_what_was_missed_while_everything_was_down_is_made_up_for_once(moment):
    plan(make_user())
    moment.shift(timedelta(days=4, hours=3))
    assert order_due_reports() == 1
    assert Report.objects.get().as_of == datetime(2026, 4, 2, 5, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_asks():
    plan(make_user(), when=Every(3600))
    ReportRound.objects.update(due_at=START)
    assert run_at_once([order_due_reports] * 4) == []
    assert Report.objects.count() == 1


def test_another_time_and_being_switched_on_again_begin_with_the_next_time(moment):
    row = plan(make_user())
    change_schedule(SYSTEM, name=row.name, when=Daily(13, 0, "Europe/Zurich"))
    assert order_due_reports() == 0
    change_schedule(SYSTEM, name=row.name, is_enabled=False)
    moment.shift(timedelta(days=2))
    assert order_due_reports() == 0
    change_schedule(SYSTEM, name=row.name, is_enabled=True)
    assert order_due_reports() == 0
    moment.shift(timedelta(days=1))
    assert order_due_reports() == 1


def test_who_may_not_ask_for_it_gets_none_and_the_log_says_so(moment):
    gone, reporter, fine = make_user(is_active=False), make_user(Role.REPORTER), make_user()
    KINDS["tiny"] = make_kind(resources=("tickets",))  # type: ignore[index]
    row = plan(gone, reporter, fine)
    PeriodicTask.objects.filter(pk=row.pk).update(kwargs=row.kwargs.replace(gone.email, "nobody@example.com"))
    moment.shift(timedelta(days=1))
    assert order_due_reports() == 1
    assert Report.objects.get().owner == fine
    refused = Event.objects.filter(verb="schedule.refused").values_list("data__recipient", flat=True)
    assert set(refused) == {"nobody@example.com", reporter.email}


def test_the_oldest_of_a_schedule_make_room(moment, monkeypatch):
    monkeypatch.setattr(report_schedules, "KEPT_OF_A_SCHEDULE", 2)
    plan(make_user())
    for _ in range(4):
        moment.shift(timedelta(days=1))
        order_due_reports()
        Report.objects.filter(state="pending").update(state="cancelled", finished_at=START)
    assert Report.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "os.system"}, "kwargs.kind"),
        ({"parameters": {"size": 0}}, "kwargs.parameters.size"),
        ({"parameters": {"sneaky": 1}}, "kwargs.parameters.sneaky"),
        ({"parameters": [1]}, "kwargs.parameters"),
        ({"recipients": []}, "kwargs.recipients"),
        ({"recipients": ["no address"]}, "kwargs.recipients"),
        ({"recipients": ["a@example.com"] * 21}, "kwargs.recipients"),
        ({"format": "exe"}, "kwargs.format"),
        ({"sneaky": 1}, "kwargs.sneaky"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_name(wrong, field):
    with pytest.raises(InvalidInput) as refusal:
        plan(make_user(), **wrong)
    assert refusal.value.details[0].field == field
    assert not PeriodicTask.objects.filter(task=GENERATE_REPORT).exists()


@pytest.mark.parametrize("when", [MORNING, Daily(0), Weekly(0, 9, 30, "Asia/Tokyo"), Weekly(6, 9), Monthly(28, 23, 59)])
def test_a_time_of_the_clock_is_kept_as_it_was_said(when):
    assert read_when(plan(make_user(), when=when)) == when


@pytest.mark.parametrize(
    ("when", "now", "due"),
    [
        (Every(3600), "2026-03-29T12:34:56", "2026-03-29T12:00:00"),
        (MORNING, "2026-03-29T04:59:59", "2026-03-28T06:00:00"),
        (MORNING, "2026-03-29T05:00:00", "2026-03-29T05:00:00"),
        (Weekly(0, 7, 0, "Europe/Zurich"), "2026-03-30T04:59:00", "2026-03-23T06:00:00"),
        (Monthly(28, 2, 30, "Europe/Zurich"), "2026-03-27T12:00:00", "2026-02-28T01:30:00"),
        # An hour that is left out in spring, and one that comes twice in autumn.
        (Daily(2, 30, "Europe/Zurich"), "2026-03-29T02:00:00", "2026-03-29T01:30:00"),
        (Daily(2, 30, "Europe/Zurich"), "2026-10-25T03:00:00", "2026-10-25T00:30:00"),
    ],
)
def test_the_last_time_goes_by_the_clocks_of_the_place(when, now, due):
    assert last_due(when, datetime.fromisoformat(now).replace(tzinfo=UTC)) == datetime.fromisoformat(due).replace(
        tzinfo=UTC
    )


def test_a_schedule_that_breaks_does_not_keep_the_others(moment, monkeypatch):
    plan(make_user())
    create_schedule(
        SYSTEM, name="Broken", task=GENERATE_REPORT, when=MORNING,
        kwargs={"kind": "tiny", "recipients": [make_user().email]},
    )  # fmt: skip
    order_due_reports()
    PeriodicTask.objects.filter(name="Broken").update(kwargs="no json")
    moment.shift(timedelta(days=1))
    assert order_due_reports() == 1
    assert Event.objects.get(verb="schedule.refused").object_id == "Broken"
