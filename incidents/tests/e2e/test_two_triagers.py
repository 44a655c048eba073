"""Two people side by side before the issue list: what one does, the other sees in two seconds, and loses nothing."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from incidents.models import Issue
from incidents.services.issues import create_issue, update_issue
from incidents.testing.factories import make_issue, make_ticket
from tracker import clock
from tracker.access import Actor
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.e2e
ROWS = 40
WITHIN = 2_000
LIST = "/admin/incidents/issue/"


def is_no_fault(text: str) -> bool:
    """What a browser writes of a refusal that we provoke, or of a line that we cut."""
    return "409" in text or "ERR_FAILED" in text


@pytest.fixture
def visitor(site: str, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens the back office as somebody, in a browser of their own."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def visit(name: str, path: str = LIST) -> Page:
        client = Client()
        client.force_login(make_user(full_name=name))
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context = browser.new_context(viewport={"width": 1280, "height": 700})
        context.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        contexts.append(context)
        page = context.new_page()
        page.goto(site + path)
        expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=10_000)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [fault for fault in faults if not is_no_fault(fault)] == []


@pytest.fixture
def issues(transactional_db: None) -> list[Issue]:
    """Forty, the first of them changed last."""
    project, now = make_project(key="OPS", name="Operations", last_issue_number=ROWS), clock.now()
    return [
        make_issue(project=project, number=number, title=f"Pump {number}", updated_at=now - timedelta(minutes=number))
        for number in range(1, ROWS + 1)
    ]


def row_of(page: Page, issue: Issue):
    return page.locator("#result_list tbody tr", has=page.get_by_role("link", name=issue.key, exact=True))


def test_one_triages_and_the_other_sees_it_where_they_stand(visitor, issues):
    ann, bob = visitor("Ann"), visitor("Bob")
    for number in (17, 19):
        row_of(ann, issues[number]).locator("input.action-select").check()
    row_of(ann, issues[20]).get_by_role("link").focus()
    ann.evaluate("window.scrollTo(0, 400)")
    place = ann.evaluate("document.activeElement.getBoundingClientRect().top")
    for key in "jjj":
        bob.keyboard.press(key)
    for key in "ma4":
        bob.keyboard.press(key)
        expect(bob.locator("#quick-steps")).to_contain_text("OPS-3")
    expect(row_of(ann, issues[2]).locator(".field-status_cell")).to_have_text("Triaged", timeout=WITHIN)
    expect(row_of(ann, issues[2]).locator(".field-severity_cell")).to_have_text("Critical", timeout=WITHIN)
    expect(row_of(ann, issues[2]).locator(".field-assignee_cell")).to_have_text("Bob", timeout=WITHIN)
    expect(ann.locator("#live")).to_contain_text(re.compile(r"1 issue changed, list updated \d\d:\d\d:\d\d"))
    create_issue(actor=Actor.system("test"), values={"title": "Brand new"}, project=issues[0].project)
    expect(ann.locator("#result_list tbody tr").first).to_contain_text("Brand new", timeout=WITHIN)
    assert ann.locator("tr.selected input.action-select:checked").count() == 2
    assert ann.evaluate("document.activeElement.textContent") == issues[20].key
    assert abs(ann.evaluate("document.activeElement.getBoundingClientRect().top") - place) < 3
    assert ann.locator(".action-counter").inner_text() == f"2 of {ROWS + 1} selected"


def test_what_is_done_leaves_and_what_is_ticked_stays_to_be_seen(visitor, issues):
    ann = visitor("Ann")
    row_of(ann, issues[1]).locator("input.action-select").check()
    Issue.objects.filter(pk__in=[issues[0].pk, issues[1].pk]).update(status="IN_PROGRESS")
    bob = visitor("Bob")
    for issue in issues[:2]:
        row_of(bob, issue).hover()
        row_of(bob, issue).get_by_role("button", name="→ Done").click()
    expect(row_of(ann, issues[0])).to_have_count(0, timeout=WITHIN)
    expect(row_of(ann, issues[1])).to_have_class(re.compile("is-gone"), timeout=WITHIN)
    expect(row_of(ann, issues[1]).locator("input.action-select")).to_be_checked()
    bob.keyboard.press("j")
    bob.keyboard.press("k")
    bob.keyboard.press("?")
    expect(bob.locator("dialog#keys")).to_contain_text("assign the row to me")


def test_nothing_moves_under_the_hands_of_who_types(visitor, issues):
    ann = visitor("Ann")
    ann.keyboard.press("/")
    ann.keyboard.type("half a wo")
    update_issue(actor=Actor.of_user(make_user()), issue=issues[5], changes={"severity": "high"})
    expect(ann.locator("#live")).to_contain_text("waits until you are done", timeout=WITHIN)
    expect(row_of(ann, issues[5]).locator(".field-severity_cell")).to_have_text("Medium")
    expect(ann.locator("#searchbar")).to_have_value("half a wo")
    ann.keyboard.press("Escape")
    expect(row_of(ann, issues[5]).locator(".field-severity_cell")).to_have_text("High", timeout=WITHIN)


def test_a_refusal_is_said(visitor, issues):
    Issue.objects.filter(pk=issues[0].pk).update(status="DONE", done_at=clock.now())
    ann = visitor("Ann", f"{LIST}?status=all")
    ann.keyboard.press("m")
    expect(ann.locator("#quick-steps")).to_contain_text("Choose a row first")
    ann.keyboard.press("j")
    ann.keyboard.press("m")
    expect(ann.locator("#quick-steps")).to_contain_text("Refused. OPS-1 is done already.")


def test_a_line_that_drops_is_shown_and_mended_without_a_gap(visitor, issues):
    ann = visitor("Ann")
    ann.context.route("**/v1/events*", lambda route: route.abort())
    elsewhere = ann.context.new_page()
    elsewhere.goto(ann.url)
    expect(elsewhere.locator("#live")).to_contain_text("Not live: reconnecting")
    update_issue(actor=Actor.of_user(make_user()), issue=issues[5], changes={"severity": "high"})
    ann.context.unroute("**/v1/events*")
    expect(row_of(elsewhere, issues[5]).locator(".field-severity_cell")).to_have_text("High", timeout=10_000)
    expect(elsewhere.locator("#live")).to_have_attribute("data-state", "live")


def test_the_ticket_list_is_live_too(visitor):
    make_ticket(due_in_minutes=30)
    ann = visitor("Ann", "/admin/incidents/ticket/")
    row = ann.locator("#result_list tbody tr").first
    bob = visitor("Bob", "/admin/incidents/ticket/")
    bob.locator("input.action-select").first.check()
    bob.locator("select[name=action]").select_option("assign_to_me")
    bob.get_by_role("button", name="Go").click()
    expect(row.locator(".field-assignee_cell")).to_have_text("Bob", timeout=WITHIN)
