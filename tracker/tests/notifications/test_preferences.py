"""How people want to be told: by kind, in the list or not, and a letter never, at once or at eight in the morning."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tracker.access import Actor
from tracker.choices import MailWish, Role
from tracker.exceptions import InvalidInput, PermissionDenied
from tracker.models import Event, NotificationPreference
from tracker.services.notifications import find_mail_time
from tracker.services.preferences import set_preferences
from tracker.testing.factories import jwt_client, make_user

PAGE = "/admin/tracker/notification/preferences/"
ADDRESS = "/v1/notifications/preferences"
AT_FIRST = {"listed": True, "mail": "at_once"}


@pytest.mark.parametrize(
    ("now", "due"),
    [
        # Summer time ends on 2026-10-25 at 03:00 and begins on 2027-03-28 at 02:00.
        ("2026-10-24T07:00", "2026-10-25T07:00"),
        ("2026-10-25T00:30", "2026-10-25T07:00"),
        ("2026-10-24T05:59", "2026-10-24T06:00"),
        ("2026-10-24T06:00", "2026-10-25T07:00"),
        ("2027-03-27T07:01", "2027-03-28T06:00"),
        ("2027-03-28T00:59", "2027-03-28T06:00"),
        ("2027-03-28T06:00", "2027-03-29T06:00"),
    ],
)
def test_a_digest_is_due_at_the_next_eight_o_clock_in_berlin(now, due):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert find_mail_time(MailWish.DAILY, "Europe/Berlin", moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_at_once_is_in_ten_seconds_and_never_is_never():
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert find_mail_time(MailWish.AT_ONCE, "Asia/Tokyo", now) == now + timedelta(seconds=10)
    assert find_mail_time(MailWish.NEVER, "Asia/Tokyo", now) is None


@pytest.mark.django_db
def test_a_reporter_chooses_over_the_api_and_the_log_says_what():
    person = make_user(Role.REPORTER)
    api = jwt_client(person)
    listed_alone = {"listed": True, "mail": "never"}
    at_first = dict.fromkeys(("assigned", "mentioned", "watched", "operation"), AT_FIRST)
    at_first["report_ready"] = listed_alone
    assert api.get(ADDRESS).json() == at_first
    answer = api.patch(ADDRESS, {"watched": {"mail": "daily"}, "mentioned": {"listed": False}})
    assert answer.json()["watched"] == {"listed": True, "mail": "daily"}
    assert answer.json()["mentioned"] == {"listed": False, "mail": "at_once"}
    assert api.get(ADDRESS).json() == answer.json()
    event = Event.objects.get(verb="user.preferences_set")
    assert event.before == {"watched": {"mail": "at_once"}, "mentioned": {"is_listed": True}}
    assert event.after == {"watched": {"mail": "daily"}, "mentioned": {"is_listed": False}}
    api.patch(ADDRESS, {"watched": {"mail": "daily"}})
    assert Event.objects.filter(verb="user.preferences_set").count() == 1
    assert not NotificationPreference.objects.exclude(person=person).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reset_password": {"mail": "never"}}, "reset_password"),
        ({"watched": {"mail": "sometimes"}}, "watched.mail"),
        ({"watched": {"listed": "maybe"}}, "watched.listed"),
        ({"watched": {"person": 1}}, "watched.person"),
        ({"watched": []}, "watched"),
        ({}, ""),
    ],
)
def test_what_there_is_no_choice_about_is_refused_by_name(body, field):
    answer = jwt_client(make_user()).patch(ADDRESS, body)
    assert answer.status_code == 400, answer.content
    assert field in str(answer.json()["error"])
    assert not NotificationPreference.objects.exists()


@pytest.mark.django_db
def test_the_service_refuses_for_every_entrance():
    actor = Actor.of_user(make_user())
    for changes in ({"confirm_email": {"mail": "never"}}, {"watched": {"mail": 1}}, {"watched": {"kind": "x"}}):
        with pytest.raises(InvalidInput):
            set_preferences(actor=actor, changes=changes)
    with pytest.raises(PermissionDenied):
        set_preferences(actor=Actor.system("x"), changes={})


@pytest.mark.django_db
def test_a_maintainer_chooses_on_their_own_page():
    person = make_user(timezone="Europe/Berlin")
    pages = Client()
    pages.force_login(person)
    text = pages.get(PAGE).content.decode()
    assert "Europe/Berlin" in text
    assert 'style="' not in text
    values = {"assigned_listed": "on", "assigned_mail": "never", "mentioned_mail": "at_once", "watched_mail": "daily"}
    values |= {"report_ready_listed": "on", "report_ready_mail": "never"}
    values |= {"operation_listed": "on", "operation_mail": "at_once"}
    assert pages.post(PAGE, values).status_code == 302
    kept = {row.kind: (row.is_listed, row.mail) for row in NotificationPreference.objects.filter(person=person)}
    assert kept == {"assigned": (True, "never"), "mentioned": (False, "at_once"), "watched": (False, "daily")}
    assert pages.post(PAGE, {**values, "watched_mail": "x"}).status_code == 200
    reporter = Client()
    reporter.force_login(make_user(Role.REPORTER))
    assert reporter.get(PAGE).status_code == 302
