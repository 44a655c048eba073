"""Every page of the back office over rows that mean harm: shown as text, and nothing typed into a form breaks one."""

import pytest
from django.test import Client

from incidents.testing.crawling import Crawler, Page
from incidents.testing.poisoned import poison_everything
from tracker.choices import Role
from tracker.testing.factories import make_user
from tracker.testing.nasty import WORST, xss_payloads

pytestmark = pytest.mark.django_db
SAMPLE = [*WORST.values(), *xss_payloads()[::40]]


TYPED = [WORST[name] for name in ("broken out of an attribute", "header", "beyond the plane", "patterns")]


def dangers_of(pages):
    return {page.url: page.dangers for page in pages if page.dangers}


def test_every_page_shows_hostile_texts_as_texts_and_no_form_breaks_by_one():
    reader = make_user(Role.ADMIN)
    poison_everything(SAMPLE, reader=reader)
    client = Client(raise_request_exception=False)
    client.force_login(reader, backend="tracker.backends.CountedPasswordBackend")
    crawler = Crawler(client)
    pages = crawler.walk("/admin/", "/v1/issues?limit=100", "/v1/users")
    assert len(pages) > 50
    assert dangers_of(pages) == {}
    assert [refusal for refusal in crawler.refused if refusal[1] != 403] == []
    shown: list[Page] = []
    for number, form in enumerate(crawler.forms()):
        answer = crawler.submit(form, TYPED[number % len(TYPED)])
        assert answer.status_code < 500, (form.action, answer.status_code)
        if answer.get("Content-Type", "").startswith("text/html"):
            shown.append(Page(form.action, answer.getvalue().decode()))
    assert len(shown) > 30
    assert dangers_of(shown) == {}
