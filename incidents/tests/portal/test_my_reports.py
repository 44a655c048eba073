"""My reports: mine and nobody else's, the newest first, and how far each is in plain words."""

import pytest
from django.utils.html import escape

from incidents.choices import EnrichmentState, IncidentStatus
from incidents.models import Incident
from incidents.services.incident_moves import finish_incident, move_incident
from incidents.testing.incident_factories import category_of, make_incident
from incidents.testing.portal import REPORTS, Visitor
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
ADMIN = Actor.system("test")


def report_of(person, **values):
    return make_incident(actor=Actor.of_user(person), **values)


def page_of(browser, path=REPORTS, **query):
    answer = browser.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_list_invites_to_report(browser_of_rita):
    page = page_of(browser_of_rita)
    assert "not reported anything yet" in page
    assert 'href="/incidents/new"' in page


def test_mine_are_listed_the_newest_first_by_twenty(browser_of_rita, rita):
    mine = [report_of(rita, title=f"Mine {number:02}") for number in range(21)]
    other = report_of(make_user(Role.REPORTER), title="Foreign")
    make_incident(title="Nobodys")
    page = page_of(browser_of_rita)
    assert "Foreign" not in page
    assert "Nobodys" not in page
    assert page.index("Mine 20") < page.index("Mine 01")
    assert "Mine 00" not in page
    assert "Page 1 of 2" in page
    assert "Mine 00" in page_of(browser_of_rita, page="2")
    for odd in ("0", "-1", "x", "99999999999", "٣"):
        assert browser_of_rita.get(REPORTS, {"page": odd}).status_code == 200
    unknown = browser_of_rita.get("/incidents/999999999")
    foreign = browser_of_rita.get(f"/incidents/{other.pk}")
    bodies = {answer.content.replace(answer["X-Request-ID"].encode(), b"") for answer in (unknown, foreign)}
    assert (unknown.status_code, foreign.status_code, len(bodies)) == (404, 404, 1)
    assert browser_of_rita.get(f"/incidents/{mine[0].pk}").status_code == 200


def test_the_list_is_narrowed_by_status_and_kind(browser_of_rita, rita):
    report_of(rita, title="Stolen")
    lamp = report_of(rita, title="Broken lamp", category=category_of("safety"))
    move_incident(actor=ADMIN, incident=lamp, status=IncidentStatus.TRIAGED)
    assert "Broken lamp" not in page_of(browser_of_rita, category="theft")
    assert "Stolen" not in page_of(browser_of_rita, status="TRIAGED")
    assert "None of your reports is like that" in page_of(browser_of_rita, status="DONE")
    assert "Stolen" in page_of(browser_of_rita, status="<x>")
    assert browser_of_rita.get(REPORTS, {"category": "a\0b"}).status_code == 200


def test_staff_see_their_own_here_and_may_open_every_one():
    person = make_user(Role.MAINTAINER)
    browser, foreign = Visitor(person), make_incident(title="Somebodys")
    assert "Somebodys" not in page_of(browser)
    assert "Somebodys" in page_of(browser, f"/incidents/{foreign.key}")


def test_one_report_says_how_far_it_is(browser_of_rita, rita):
    incident = report_of(rita, description="It **went** <b>off</b>", place="Gate 4", loss_estimate="12.5")
    page = page_of(browser_of_rita, f"/incidents/{incident.pk}")
    assert "<strong>went</strong>" in page
    assert "<b>off" not in page
    assert "Nobody has looked at it yet" in page
    assert 'aria-current="step">Received' in page
    assert "12.50" in page
    finish_incident(actor=ADMIN, incident=incident)
    assert 'aria-current="step">Closed' in page_of(browser_of_rita, f"/incidents/{incident.key}")
    assert escape(incident.title) in page_of(browser_of_rita)


def test_who_reported_from_where_is_not_shown(browser_of_rita, rita):
    incident = report_of(rita)
    Incident.objects.filter(pk=incident.pk).update(ip="203.0.113.7", reporter_label="x@example.com", city="Essen")
    page = page_of(browser_of_rita, f"/incidents/{incident.pk}")
    assert "203.0.113.7" not in page
    assert "x@example.com" not in page


def test_what_i_wrote_may_be_changed_until_it_is_worked_on(browser_of_rita, rita):
    incident = report_of(rita, title="", description="Gone.")
    path, edit = f"/incidents/{incident.pk}", f"/incidents/{incident.pk}/edit"
    assert edit in page_of(browser_of_rita, path)
    changed = {"category": "vandalism", "description": "Broken."}
    answer = browser_of_rita.send(edit, browser_of_rita.hidden(edit), **changed)
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert "was changed" in page_of(browser_of_rita, path)
    incident.refresh_from_db()
    assert (incident.category.key, incident.description, incident.title) == ("vandalism", "Broken.", "Broken.")
    hidden = browser_of_rita.hidden(edit)
    Incident.objects.filter(pk=incident.pk).update(enrichment=EnrichmentState.ENRICHED)
    assert edit not in page_of(browser_of_rita, path)
    late = browser_of_rita.send(edit, hidden, category="other", description="Kept.")
    assert late.status_code == 409
    assert "Kept." in late.content.decode()
    assert "add a comment instead" in late.content.decode()
    assert browser_of_rita.get(edit).status_code == 409


def test_nobody_changes_anothers(browser_of_rita):
    foreign = report_of(make_user(Role.REPORTER))
    edit = f"/incidents/{foreign.pk}/edit"
    assert browser_of_rita.get(edit).status_code == browser_of_rita.get("/incidents/99/edit").status_code == 404
    staff = Visitor(make_user(Role.ADMIN))
    assert staff.get(edit).status_code == 404
    assert Visitor().get(edit)["Location"].startswith("/account/login")
