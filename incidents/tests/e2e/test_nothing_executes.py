"""Every page over rows that mean harm, in a real browser: nothing runs, and our own pages break no policy."""

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from playwright.sync_api import Page, expect

from incidents.models import Issue
from incidents.testing.crawling import Crawler
from incidents.testing.poisoned import poison_everything
from incidents.tests.e2e.conftest import PASSWORD
from tracker.models import User
from tracker.testing.nasty import WORST, xss_payloads

pytestmark = pytest.mark.e2e
API_PAGES = ("/v1/issues?limit=300", "/v1/tickets", "/v1/projects", "/v1/tags?limit=300", "/v1/users", "/v1/channels")
# What a payload would call; a call is noted and opens nothing, so that the next page can be looked at.
TRAP = """
window.__xss = [];
for (const name of ["alert", "confirm", "prompt", "xssmark", "print"]) {
  window[name] = (...args) => { window.__xss.push(name + args.join()); };
}
"""


@pytest.fixture
def poisoned(site: str, page: Page) -> tuple[User, Issue]:
    """An admin has logged in; every text of theirs, and of everything there is, means harm."""
    admin = User.objects.create_superuser("admin@example.com")
    # The server has the real hashers only.
    admin.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    admin.full_name = WORST["broken out of an attribute"]
    admin.save()
    issue = poison_everything([*WORST.values(), *xss_payloads()], reader=admin)
    page.goto(f"{site}/admin/")
    page.get_by_label("E-mail").fill("admin@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    return admin, issue


def addresses(admin: User, issue: Issue) -> list[str]:
    """One page of each kind, every page of the issue list, and the issue that shows all of the texts."""
    client = Client()
    client.force_login(admin, backend="tracker.backends.CountedPasswordBackend")
    crawler = Crawler(client)
    crawler.walk("/admin/")
    found = [f"{parts.path}?{parts.query}" for parts in map(urlsplit, crawler.pages)]
    own = f"/admin/incidents/issue/{issue.pk}"
    lists = [f"/admin/incidents/issue/?p={number}" for number in range(1, 6)]
    return [*found, *lists, f"{own}/change/", f"{own}/history/", f"/v1/issues/{issue.pk}/comments", *API_PAGES]


def test_no_text_runs_on_any_page(site: str, page: Page, poisoned, complaints: list[str]):
    page.add_init_script(TRAP)
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    for address in addresses(*poisoned):
        page.goto(site + address)
        assert page.evaluate("window.__xss") == [], address
        assert complaints == [], address
    page.goto(f"{site}/admin/incidents/issue/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(index=1)
    page.get_by_role("button", name="Go", exact=True).click()
    page.wait_for_load_state()
    assert page.evaluate("window.__xss") == []
    assert (opened, complaints) == ([], [])
