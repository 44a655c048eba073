"""Somebody with an account reports: what they typed is kept once, as they meant it, or comes back to them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from incidents.models import Incident, IncidentCategory
from incidents.portal import senders
from incidents.services.incidents import delete_incident
from incidents.testing.portal import NEW, REPORTS, Visitor
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import Event, Factory
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_the_answer_is_201_with_what_was_recorded_and_where_it_is(browser_of_rita, rita):
    answer = browser_of_rita.report(description="My **bicycle** is gone.\n\nFrom the rack.", place="Gate 4")
    incident = Incident.objects.get()
    page = answer.content.decode()
    assert (answer.status_code, answer["Location"]) == (201, f"/incidents/{incident.pk}")
    assert f"{incident.key} is recorded" in page
    assert f'href="/incidents/{incident.pk}"' in page
    assert (incident.reporter, incident.reporter_label, incident.ip) == (rita, "", "127.0.0.1")
    assert (incident.category.key, incident.place, incident.title) == ("theft", "Gate 4", "My bicycle is gone.")
    assert clock.now() - incident.occurred_at < timedelta(minutes=1)
    assert Event.objects.get(verb="incident.created").actor_label == rita.email
    assert "127.0.0.1" not in page
    assert "no-store" in answer["Cache-Control"]


def test_everything_that_may_be_said_is_kept(browser_of_rita, move_clock):
    move_clock(to=NOVEMBER)
    factory = Factory.objects.create(name="Essen")
    fields = {"title": "Bicycle", "place": "Rack", "latitude": "52,5", "longitude": "13.4", "loss_estimate": "950,5"}
    answer = browser_of_rita.report(**fields, factory=factory.pk, occurred_at="2026-07-01T08:30")
    assert answer.status_code == 201
    incident = Incident.objects.get()
    assert (incident.title, incident.latitude, incident.longitude) == ("Bicycle", 52.5, 13.4)
    assert (incident.loss_estimate, incident.factory) == (Decimal("950.50"), factory)
    # Half past eight in Berlin, in summer.
    assert incident.occurred_at == datetime(2026, 7, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "which", "kept"),
    [
        ("2026-10-25T02:30", "0", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30", "1", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-10-25T03:00", "", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_an_hour_that_came_twice_is_asked_about(browser_of_rita, move_clock, typed, which, kept):
    move_clock(to=NOVEMBER)
    answer = browser_of_rita.report(occurred_at=typed, occurred_which=which)
    assert answer.status_code == 201
    assert Incident.objects.get().occurred_at == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2026-10-25T02:30", "02:30 CEST (+02:00)"),
        ("2026-03-29T02:30", "put forward"),
        ("yesterday", "A day and a time"),
        ("0001-01-01T00:00", "A day and a time"),
        ("2026-07-01T08:30+02:00", "A day and a time"),
        ("2031-01-01T00:00", "until now"),
    ],
)
def test_a_time_that_is_none_comes_back(browser_of_rita, move_clock, typed, words):
    move_clock(to=NOVEMBER)
    answer = browser_of_rita.report(occurred_at=typed)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("category", "", "Choose one"),
        ("category", "nonsense", "Choose one of these"),
        ("description", "  ", "Say what happened"),
        ("description", "x" * 262_145, "at most"),
        ("place", "x" * 301, "at most"),
        ("latitude", "91", "-90 to 90"),
        ("latitude", "nan", "Enter a number"),
        ("longitude", "13.4", "together"),
        ("loss_estimate", "-1", "from 0"),
        ("loss_estimate", "1e999", "from 0"),
        ("factory", "7", "valid choice"),
    ],
)
def test_what_breaks_a_rule_comes_back_beside_its_field_with_all_that_was_typed(browser_of_rita, field, value, words):
    Factory.objects.create(name="Essen")
    answer = browser_of_rita.report(**{"place": "The <rack>", "title": "Typed", field: value})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert words in page
    assert 'id="faults"' in page
    assert "autofocus" in page
    assert 'aria-invalid="true"' in page
    assert field == "place" or "The &lt;rack&gt;" in page
    assert not Incident.objects.exists()


def test_an_archived_category_is_not_offered(browser_of_rita):
    IncidentCategory.objects.filter(key="theft").update(archived_at=clock.now())
    assert 'value="theft"' not in browser_of_rita.get(NEW).content.decode()
    assert browser_of_rita.report().status_code == 400


def test_a_form_that_is_sent_twice_is_one_report(browser_of_rita):
    hidden = browser_of_rita.hidden(NEW)
    first, again = browser_of_rita.report(hidden=hidden), browser_of_rita.report(hidden=hidden)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first["Location"] == again["Location"]
    other = browser_of_rita.report(hidden=hidden, description="And the pump.")
    assert other["Location"] != first["Location"]
    assert Incident.objects.count() == 2
    # Another one's form is another form.
    assert Visitor(make_user(Role.REPORTER)).report(hidden={**hidden, "csrfmiddlewaretoken": ""}).status_code == 403


def test_a_page_of_a_report_that_is_gone_makes_no_second_one(browser_of_rita):
    hidden = browser_of_rita.hidden(NEW)
    browser_of_rita.report(hidden=hidden)
    delete_incident(actor=Actor.system("test"), incident=Incident.objects.get())
    assert browser_of_rita.report(hidden=hidden).status_code == 404
    assert not Incident.objects.exists()


def test_a_person_has_a_limit_too(browser_of_rita, monkeypatch):
    monkeypatch.setattr(senders, "FORMS_OF_A_PERSON_PER_HOUR", 1)
    statuses = [browser_of_rita.report(description=f"No. {number}").status_code for number in range(2)]
    assert statuses == [201, 429]


def test_staff_who_must_have_a_second_factor_report_nothing_before(settings):
    settings.REQUIRE_TOTP = True
    staff = Visitor(make_user(Role.MAINTAINER))
    assert staff.get(REPORTS)["Location"] == "/admin/second-factor/"
    assert staff.get(NEW).status_code == 403
    assert Visitor(make_user(Role.REPORTER)).report().status_code == 201


def test_another_site_reports_nothing(browser_of_rita):
    hidden = browser_of_rita.hidden(NEW)
    for token in ("", "a" * 64):
        assert browser_of_rita.report(hidden={**hidden, "csrfmiddlewaretoken": token}).status_code == 403
    answer = browser_of_rita.post(REPORTS, {**hidden, "category": "theft"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert not Incident.objects.exists()


def test_whoever_has_no_account_is_sent_to_the_login(client):
    for path in (NEW, REPORTS, "/incidents/7"):
        assert client.get(path)["Location"].startswith("/account/login?next=%2Fincidents")
    answer = client.post(REPORTS, {"category": "theft", "description": "x"})
    assert answer.status_code == 401
    assert answer["Content-Type"].startswith("text/html")
    assert not Incident.objects.exists()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "image/png"])
def test_a_body_that_is_no_form_is_refused(browser_of_rita, content_type):
    browser_of_rita.get(NEW)
    assert browser_of_rita.post(REPORTS, b"x=1", content_type=content_type).status_code == 415
    assert browser_of_rita.put(REPORTS).status_code == 405


def test_the_home_of_a_reporter_is_the_portal(browser_of_rita):
    assert browser_of_rita.get("/")["Location"] == REPORTS
    assert browser_of_rita.get(REPORTS).status_code == 200
