"""A report from the request to its end: asked once, computed as of a moment, never changed again."""

import time
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction

from reports.choices import ReportState
from reports.kinds import KINDS
from reports.kinds.contract import KeptFile, WithFile
from reports.models import Report
from reports.services import quotas, watching
from reports.services.digests import hash_content
from reports.services.leases import LEASE_TERM, MAX_ATTEMPTS, claim_report, take_back_lost
from reports.services.report_runs import run_due_reports, run_report
from reports.services.reports import cancel_report, delete_report, request_report, rerun_report, visible_reports
from reports.testing.kinds import make_kind
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    Throttled,
)
from tracker.files.keeping import keep_file, open_file
from tracker.files.uploads import Upload
from tracker.models import Event, User
from tracker.services.events import log_event
from tracker.services.notification_lists import visible_notifications
from tracker.subjects import all_subjects
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def ask(owner):
    def ask(**fields):
        values = {"actor": Actor.of_user(owner), "kind": "tiny", "parameters": {"size": 2}}
        return request_report(**{**values, **fields})

    return ask


def run(report):
    run_due_reports()
    report.refresh_from_db()
    return report


def test_a_report_is_asked_for_made_and_vouched_for(ask):
    report = ask()
    assert (report.state, report.parameters) == (ReportState.PENDING, {"size": 2, "word": "line"})
    run(report)
    assert (report.state, report.result["size"], report.attempts) == (ReportState.READY, 2, 1)
    names = ("kind", "parameters", "as_of", "result", "policy_versions")
    assert report.content_hash == hash_content(**{name: getattr(report, name) for name in names})
    assert list(Event.objects.filter(object_type="report").order_by("id").values_list("verb", flat=True)) == [
        "report.requested",
        "report.ready",
    ]


def test_the_same_is_asked_once_until_it_is_finished(ask):
    first = ask()
    assert ask(parameters={"word": "line", "size": 2}) == first
    assert ask(parameters={"size": 4}) != first
    assert ask(actor=Actor.of_user(make_user())) != first
    run(first)
    assert ask() != first
    assert Event.objects.filter(verb="report.requested").count() == 4


def test_a_rerun_as_of_the_same_moment_has_the_same_hash_whatever_came_later(ask, owner):
    log_event(actor=Actor.system("test"), verb="user.updated")
    first = run(ask())
    log_event(actor=Actor.system("test"), verb="user.updated")
    again = run(rerun_report(actor=Actor.of_user(owner), report=first))
    assert first.result["events"] == 1
    assert (again.pk != first.pk, again.content_hash) == (True, first.content_hash)
    assert run(ask()).content_hash != first.content_hash


def test_what_is_finished_cannot_be_rewritten_only_deleted(ask, owner):
    project = make_project()
    report = run(ask(project=project))
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(result={})
    project.delete()
    report.refresh_from_db()
    assert (report.project, report.state) == (None, ReportState.READY)
    delete_report(actor=Actor.of_user(owner), report=report)
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"parameters": {"size": 0}}, "parameters.size"),
        ({"parameters": {"colour": "red"}}, "parameters.colour"),
        ({"parameters": {"word": "a\0b"}}, "parameters.word"),
        ({"as_of": datetime(2999, 1, 1, tzinfo=UTC)}, "as_of"),
    ],
)
def test_what_is_not_right_is_refused_by_its_name(ask, fields, named):
    with pytest.raises(InvalidInput) as refused:
        ask(**fields)
    assert [detail.field for detail in refused.value.details] == [named]
    assert not Report.objects.exists()


def test_nobody_asks_for_what_they_may_not_see(ask, monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind(resources=("tickets",)))
    with pytest.raises(PermissionDenied):
        ask(actor=Actor.of_user(make_user(Role.REPORTER)))
    with pytest.raises(NotAuthenticated):
        ask(actor=Actor())


def test_reports_are_their_owners_and_admins(ask, owner):
    report = run(ask())
    seen_by = {role: visible_reports(Actor.of_user(make_user(role))).filter(pk=report.pk).exists() for role in Role}
    assert seen_by == {Role.REPORTER: False, Role.MAINTAINER: False, Role.ADMIN: True}
    token = Actor(user=owner, token_id=1, scopes=frozenset({"reports"}))
    other = Actor(user=make_user(), token_id=2, scopes=frozenset({"reports"}))
    assert visible_reports(Actor.of_user(owner)).exists()
    assert visible_reports(token).exists()
    assert not visible_reports(other).exists()
    with pytest.raises(NotFound):
        delete_report(actor=Actor.of_user(make_user()), report=report)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.REPORTER}])
def test_a_report_of_somebody_who_lost_their_rights_fails_and_shows_nothing(ask, owner, change):
    finished, waiting = run(ask()), ask(parameters={"size": 9})
    User.objects.filter(pk=owner.pk).update(**change)
    run(waiting)
    assert (waiting.state, waiting.result) == (ReportState.FAILED, None)
    assert "lost the rights" in waiting.error
    owner.refresh_from_db()
    assert not visible_reports(Actor.of_user(owner)).filter(pk=finished.pk).exists()


def test_a_cancelled_report_stays_cancelled(ask, owner):
    report = ask()
    cancel_report(actor=Actor.of_user(owner), report=report)
    assert run(report).state == ReportState.CANCELLED
    with pytest.raises(Conflict):
        cancel_report(actor=Actor.of_user(owner), report=report)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (MemoryError(), "memory"),
        (Conflict("There are no tickets yet."), "There are no tickets yet."),
        (ValueError("secret detail"), "Internal error: ValueError."),
    ],
)
def test_a_report_that_breaks_fails_with_a_reason(ask, monkeypatch, fault, reason):
    def compute(question):
        raise fault

    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=compute))
    report = run(ask())
    assert (report.state, report.attempts) == (ReportState.FAILED, 1)
    assert reason in report.error
    assert "secret" not in report.error


@pytest.mark.parametrize(
    "result", [{"size": float("nan")}, {"size": "a\0b"}, {"size": "x" * 5_000_000}, {"size": {1}}, {}]
)
def test_a_result_that_cannot_be_kept_or_shown_fails(ask, monkeypatch, result):
    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=lambda question: result))
    report = run(ask())
    assert report.state == ReportState.FAILED
    assert report.error


def test_a_lost_worker_costs_an_attempt_and_the_third_ends_it(ask, move_clock):
    report = ask()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claim_report().report == report
        report.refresh_from_db()
        assert (report.state, report.attempts) == (ReportState.RUNNING, attempt)
        move_clock(by=attempt * (LEASE_TERM + timedelta(seconds=1)))
        take_back_lost()
    report.refresh_from_db()
    assert report.state == ReportState.FAILED
    assert "did not come back" in report.error


def test_whoever_lost_the_lease_writes_nothing(ask, move_clock):
    report, late = ask(), claim_report()
    move_clock(by=LEASE_TERM + timedelta(seconds=1))
    assert run(report).state == ReportState.READY
    assert not run_report(late)
    assert Event.objects.filter(verb="report.ready").count() == 1


def test_whoever_waited_longest_comes_first_so_that_nobodys_many_keep_out_the_few_of_others(ask):
    first, second, third = (ask(parameters={"size": size}) for size in (1, 2, 3))
    others = ask(actor=Actor.of_user(make_user()))
    assert [claim_report().report for _ in range(4)] == [first, others, second, third]


def test_one_person_has_so_many_reports_and_no_more(ask, owner, monkeypatch):
    monkeypatch.setattr(quotas, "MAX_UNFINISHED", 2)
    monkeypatch.setattr(quotas, "MAX_KEPT", 3)
    ask(parameters={"size": 1})
    ask(parameters={"size": 2})
    with pytest.raises(Throttled):
        ask(parameters={"size": 3})
    assert ask(parameters={"size": 1})
    run_due_reports()
    run(ask(parameters={"size": 3}))
    with pytest.raises(QuotaExceeded):
        ask(parameters={"size": 4})
    assert ask(actor=Actor.of_user(make_user()))


def test_a_file_that_nobody_wants_any_more_is_deleted(ask, monkeypatch):
    with Upload.of_chunks("rows.csv", [b"a,b"]) as upload:
        key = keep_file(upload)

    def compute(question):
        Report.objects.update(state=ReportState.CANCELLED, finished_at=clock.now(), lease=None)
        return WithFile({"size": 1}, KeptFile("rows.csv", "text/csv", key, 3))

    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=compute))
    assert run(ask()).state == ReportState.CANCELLED
    with pytest.raises(FileNotFoundError):
        open_file(key)


@pytest.mark.django_db(transaction=True)
def test_a_report_sees_one_moment_and_writes_nothing(ask, monkeypatch):
    def compute(question):
        User.objects.update(full_name="changed")
        return {}

    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=compute))
    assert run(ask()).error == "Internal error: InternalError."
    assert not User.objects.filter(full_name="changed").exists()


@pytest.mark.django_db(transaction=True)
def test_cancelling_ends_the_statement_that_runs(ask, owner, monkeypatch):
    monkeypatch.setattr(watching, "BEAT_SECONDS", 0.05)

    def compute(question):
        Thread(target=cancel).start()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
        return {}

    def cancel():
        cancel_report(actor=Actor.of_user(owner), report=report)
        connection.close()

    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=compute))
    report, began = ask(), time.monotonic()
    assert run(report).state == ReportState.CANCELLED
    assert time.monotonic() - began < 5


@pytest.mark.django_db(transaction=True)
def test_a_report_that_takes_too_long_fails_and_progress_is_told_meanwhile(ask, monkeypatch):
    monkeypatch.setattr(watching, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(watching, "MAX_RUN_SECONDS", 0.3)
    told = []

    def compute(question):
        for done in range(100):
            question.progress(done, 100)
            time.sleep(0.05)
            told.append(Report.objects.get().progress_done)
        return {}

    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=compute))
    report = run(ask())
    assert (report.state, "longer than" in report.error) == (ReportState.FAILED, True)
    assert report.progress_done > 0


def test_whoever_asked_by_hand_is_told_how_it_ended_and_where(ask, owner, monkeypatch):
    run(ask())
    run(ask(parameters={"size": 5}, schedule="weekly"))
    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=lambda question: {}))
    failed = run(ask(parameters={"size": 3}))
    told = [(line.kind, line.headline, line.mail_at) for line in visible_notifications(Actor.of_user(owner))]
    assert told == [
        ("report_ready", "Tiny could not be made", None),
        ("report_ready", "Tiny is ready", None),
    ]
    address = f"/admin/reports/report/{failed.pk}/change/"
    assert all_subjects()["report"].link(Actor.of_user(owner), str(failed.pk)) == address
