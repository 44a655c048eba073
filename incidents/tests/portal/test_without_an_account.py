"""Reporting without an account: not there unless it is switched on, then for people, counted, and followed by a link
that nobody can make up."""

import logging
from datetime import timedelta
from io import StringIO
from ipaddress import ip_network

import pytest
from django.core import signing
from django.test import Client

from incidents.models import Incident
from incidents.portal import senders
from incidents.portal.follow_links import LIFETIME, follow_token
from incidents.services.incidents import Origin, delete_incident
from incidents.testing.incident_factories import make_incident, make_incident_file
from incidents.testing.portal import NEW, REPORTS, Visitor
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.logs import JsonFormatter
from tracker.models import IdempotencyRecord, LoginAttempt
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def anybody(settings, db, monkeypatch):
    """Anybody may report, and this is somebody who takes their time."""
    settings.INCIDENT_PORTAL_ANONYMOUS = True
    monkeypatch.setattr("incidents.portal.form_keys.LEAST_SECONDS", 0)
    return Visitor()


def nobody_s():
    return make_incident(origin=Origin(reporter_label="a@example.com"), description="Gone.")


def test_the_bare_address_leads_strangers_to_where_they_may_report(anybody, settings):
    assert anybody.get("/")["Location"] == REPORTS
    settings.INCIDENT_PORTAL_ANONYMOUS = False
    assert anybody.get("/")["Location"] == "/admin/"


def test_unless_it_is_on_nobody_reports(client):
    assert client.get(NEW)["Location"].startswith("/account/login")
    assert client.post(REPORTS).status_code == 401
    assert NEW not in client.get("/account/login").content.decode()


def test_where_it_is_on_anybody_reports_and_gets_a_link_to_follow_it(anybody, settings):
    assert NEW in Client().get("/account/login").content.decode()
    assert Client().get(REPORTS)["Location"] == NEW
    answer = anybody.report(email="me@example.com", place="Gate 4")
    incident = Incident.objects.get()
    link = answer["Location"]
    assert (answer.status_code, incident.reporter, incident.reporter_label) == (201, None, "me@example.com")
    assert link.startswith(f"{settings.SITE_URL}/incidents/follow/")
    assert link in answer.content.decode()
    page = Client().get(link.removeprefix(settings.SITE_URL))
    shown = page.content.decode()
    assert (page.status_code, page["X-Robots-Tag"]) == (200, "noindex, nofollow")
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    assert "Nobody has looked at it yet" in shown
    assert "me@example.com" not in shown
    assert "127.0.0.1" not in shown.replace(settings.SITE_URL, "")


def test_no_table_holds_the_link(anybody):
    token = anybody.report()["Location"].rpartition("/")[2]
    kept = bytes(IdempotencyRecord.objects.get().response_body)
    assert token.encode() not in kept
    assert kept == str(Incident.objects.get().pk).encode()


def test_a_form_that_is_sent_twice_is_one_report_with_one_link(anybody):
    hidden = anybody.hidden(NEW)
    first, again = anybody.report(hidden=hidden), anybody.report(hidden=hidden)
    assert first["Location"] == again["Location"]
    assert Incident.objects.count() == 1


def test_a_form_that_is_sent_again_counts_no_file_that_staff_keeps_to_itself(anybody):
    hidden = anybody.hidden(NEW)
    anybody.report(hidden=hidden)
    staff = make_user()
    make_incident_file(Incident.objects.get(), staff, is_internal=True)
    assert "Photos" not in anybody.report(hidden=hidden).content.decode()


def test_without_an_account_one_sees_no_factory_and_no_report_by_its_number(anybody):
    anybody.report()
    path = f"/incidents/{Incident.objects.get().pk}"
    assert Client().get(path)["Location"].startswith("/account/login")
    assert Visitor(make_user(Role.REPORTER)).get(path).status_code == 404
    assert b"Factory" not in anybody.get(NEW).content


def test_the_reporters_own_time_zone_counts(anybody):
    answer = anybody.report(occurred_at="2026-07-01T08:30", timezone="Europe/Berlin")
    assert answer.status_code == 201
    assert Incident.objects.get().occurred_at.hour == 6
    assert anybody.report(occurred_at="2026-07-01T08:30", timezone="../../etc/passwd").status_code == 201
    assert Incident.objects.first().occurred_at.hour == 8


def test_another_site_reports_nothing(anybody):
    hidden = anybody.hidden(NEW)
    assert anybody.report(hidden={**hidden, "csrfmiddlewaretoken": "a" * 64}).status_code == 403
    assert Client(enforce_csrf_checks=True).post(REPORTS, hidden).status_code == 403
    assert not Incident.objects.exists()


def test_what_fills_in_the_field_that_nobody_sees_is_a_machine(anybody):
    answer = anybody.report(website="https://spam.example")
    assert (answer.status_code, Incident.objects.count()) == (400, 0)
    assert "spam.example" not in answer.content.decode()


def test_nobody_fills_it_in_within_a_moment(settings):
    settings.INCIDENT_PORTAL_ANONYMOUS = True
    quick = Visitor()
    answer = quick.report()
    assert (answer.status_code, Incident.objects.count()) == (400, 0)
    assert "quicker than anybody types" in answer.content.decode()
    assert "My bicycle is gone." in answer.content.decode()


def test_a_form_that_is_not_ours_is_asked_for_again(anybody):
    for key in ("", "x", signing.dumps(["x", 1.0]), signing.dumps([], salt="incidents.portal.form")):
        answer = anybody.report(hidden={**anybody.hidden(NEW), "key": key})
        assert (answer.status_code, Incident.objects.count()) == (400, 0)
        assert "open for a long time" in answer.content.decode()


def test_a_form_of_yesterday_is_asked_for_again_and_then_taken(anybody, move_clock):
    hidden = anybody.hidden(NEW)
    move_clock(by=timedelta(hours=25))
    page = anybody.report(hidden=hidden)
    assert page.status_code == 400
    assert hidden["key"] not in page.content.decode()
    assert anybody.report().status_code == 201


def test_one_address_reports_ten_times_an_hour_whatever_it_claims(anybody, move_clock):
    move_clock(to=clock.now().replace(minute=5))
    for number in range(senders.REPORTS_PER_HOUR):
        answer = anybody.report(description=f"No. {number}")
        assert answer.status_code == 201, answer.content
    anybody.defaults["HTTP_X_FORWARDED_FOR"] = "198.51.100.9"
    refused = anybody.report(description="One more")
    assert (refused.status_code, Incident.objects.count()) == (429, 10)
    assert int(refused["Retry-After"]) > 60
    assert "One more" in refused.content.decode()
    # Somebody with an account is not held up by them.
    assert Visitor(make_user(Role.REPORTER)).report().status_code == 201


def test_all_together_have_a_limit_too(anybody, monkeypatch):
    monkeypatch.setattr(senders, "REPORTS_OF_ALL_PER_HOUR", 1)
    for address, status in (("203.0.113.1", 201), ("203.0.113.2", 429)):
        anybody.defaults["REMOTE_ADDR"] = address
        assert anybody.report(description=address).status_code == status


def test_the_address_is_what_the_operators_own_proxies_say(anybody, settings):
    anybody.defaults["HTTP_X_FORWARDED_FOR"] = "198.51.100.9, 203.0.113.7"
    anybody.report()
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    anybody.report(description="Again.")
    assert list(Incident.objects.order_by("id").values_list("ip", flat=True)) == ["127.0.0.1", "203.0.113.7"]
    assert not LoginAttempt.objects.filter(key__contains="203.0.113.7").exists()


def test_a_link_is_for_one_report_and_nobody_makes_one_up(client):
    mine, other = nobody_s(), nobody_s()
    token = follow_token(mine)
    assert mine.title in client.get(f"/incidents/follow/{token}").content.decode()
    body, _, mark = follow_token(other).partition(":")
    forged = [
        token[:-1], f"{token}x", f"{body}:{token.partition(':')[2]}", f"{token.partition(':')[0]}:{mark}", "x", "",
        signing.dumps([mine.pk, mine.created_at.isoformat()]), str(mine.pk),
    ]  # fmt: skip
    for wrong in forged:
        assert client.get(f"/incidents/follow/{wrong}").status_code == 404 or not wrong


def test_a_link_ends_after_half_a_year_and_with_the_report(client, move_clock):
    incident, owned = nobody_s(), make_incident(actor=Actor.of_user(make_user(Role.REPORTER)))
    path = f"/incidents/follow/{follow_token(incident)}"
    assert client.get(f"/incidents/follow/{follow_token(owned)}").status_code == 404
    move_clock(by=LIFETIME - timedelta(hours=1))
    assert client.get(path).status_code == 200
    move_clock(by=LIFETIME + timedelta(hours=1))
    assert client.get(path).status_code == 404
    move_clock(by=timedelta())
    delete_incident(actor=Actor.system("test"), incident=incident)
    assert client.get(path).status_code == 404


def test_the_link_is_not_logged(client):
    token, stream = follow_token(nobody_s()), StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    try:
        for path in (token, f"{token}/", f"{token}/files/x", f"{token}/files/1", f"{token}."):
            client.get(f"/incidents/follow/{path}")
    finally:
        logging.getLogger().removeHandler(handler)
    assert stream.getvalue().count('"path":') == 5
    assert token not in stream.getvalue()
