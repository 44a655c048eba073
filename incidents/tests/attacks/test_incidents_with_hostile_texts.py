"""Incidents and all that strangers tell of them, on every page that shows one: as text, and no form breaks by it."""

import pytest
from django.test import Client

from incidents.portal.follow_links import follow_token
from incidents.testing.crawling import Crawler, Page
from incidents.testing.poisoned_incidents import poison_incidents
from tracker.choices import Role
from tracker.testing.factories import make_user
from tracker.testing.nasty import WORST, xss_payloads

pytestmark = pytest.mark.django_db
SAMPLE = [*WORST.values(), *xss_payloads()[::400]]
TYPED = [WORST[name] for name in ("broken out of an attribute", "header", "beyond the plane", "patterns")]
WITHIN = ("/admin/incidents/incident", "/admin/incidents/hook", "/admin/incidents/mail", "/incidents")
LISTS = ("incident", "incidentanalysis", "incidentcategory", "hook", "hookrule", "hookcall", "mailmessage")


def dangers_of(pages):
    return {page.url: page.dangers for page in pages if page.dangers}


def test_no_page_about_incidents_takes_a_strangers_text_for_its_own():
    incident = poison_incidents(SAMPLE)
    client = Client(raise_request_exception=False)
    client.force_login(make_user(Role.ADMIN), backend="tracker.backends.CountedPasswordBackend")
    crawler = Crawler(client, within=WITHIN)
    lists = [f"/admin/incidents/{name}/" for name in LISTS]
    whole = f"/admin/incidents/incident/{incident.pk}/change/"
    pages = crawler.walk(whole, *lists, f"/incidents/{incident.pk}", f"/incidents/follow/{follow_token(incident)}")
    assert len(pages) > 20
    assert dangers_of(pages) == {}
    assert [refusal for refusal in crawler.refused if refusal[1] != 403] == []
    shown: list[Page] = []
    for number, form in enumerate(form for form in crawler.forms() if form.typed):
        answer = crawler.submit(form, TYPED[number % len(TYPED)])
        assert answer.status_code < 500, (form.action, answer.status_code)
        if answer.get("Content-Type", "").startswith("text/html"):
            shown.append(Page(form.action, answer.getvalue().decode()))
    assert len(shown) > 5
    assert dangers_of(shown) == {}
