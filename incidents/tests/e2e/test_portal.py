"""The reporters' portal in a real browser: on a telephone and wide, with scripts and without, light and dark."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, Page, expect

from incidents.models import Attachment, Comment, Incident
from incidents.rich_text import render_markdown
from incidents.services.comments import comment_on_incident
from incidents.services.incident_moves import move_incident
from incidents.testing.incident_factories import category_of, make_incident
from incidents.tests.e2e.conftest import PASSWORD
from incidents.tests.e2e.test_issue_page import is_too_wide, shot
from incidents.tests.e2e.test_nothing_executes import TRAP
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import make_user
from tracker.testing.hostile_files import draw_picture
from tracker.testing.nasty import WORST, xss_payloads
from tracker.testing.web_servers import run_web_server

pytestmark = pytest.mark.e2e
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Everything that is pressed on a telephone, and how high a finger needs it.
SMALL = """
[...document.querySelectorAll("main a.button, main button, main input:not([type=hidden]), main select, header a")]
  .filter((e) => e.offsetParent && !e.closest(".trap") && e.offsetHeight < 44)
  .filter((e) => !["radio", "checkbox"].includes(e.type)).map((e) => e.outerHTML)
"""
NAMELESS = """
[...document.querySelectorAll("main input:not([type=hidden]), main select, main textarea")]
  .filter((e) => !e.labels.length && !e.getAttribute("aria-label")).map((e) => e.outerHTML)
"""


@pytest.fixture
def rita(transactional_db: None) -> User:
    """A reporter, whose password the server can check."""
    # Another test may have emptied the tables, what an installation begins with among them.
    for key in ("theft", "suspicious", "vandalism", "safety", "outage", "other"):
        category_of(key)
    rita = make_user(Role.REPORTER, full_name="Rita", email="rita@example.com", timezone="Europe/Berlin")
    rita.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    rita.save()
    return rita


@pytest.fixture(params=[(NARROW, False), (WIDE, True)], ids=["telephone without scripts", "wide with scripts"])
def visit(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    """A page whose browser does not complain."""
    size, has_scripts = request.param
    context = browser.new_context(viewport=size, java_script_enabled=has_scripts, base_url=site)
    found: list[str] = []
    context.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: found.append(str(error.error)))
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()
    assert [text for text in found if "status of 400" not in text] == []


def log_in(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_label("E-mail").fill("rita@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def check_page(page: Page) -> None:
    """What every page owes: it fits, it has a title and one heading, and everything in it has a name and some size."""
    assert not is_too_wide(page)
    assert page.title().endswith("· Tracker")
    assert page.locator("h1").count() == 1
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(SMALL) == []


def test_a_theft_is_reported_with_a_photo_followed_and_talked_about(visit: Page, rita: User, screenshots: Path):
    page = visit
    page.goto("/incidents/new")
    shot(page, screenshots, "portal-login")
    check_page(page)
    log_in(page, "/incidents")
    expect(page.get_by_text("not reported anything yet")).to_be_visible()
    shot(page, screenshots, "portal-empty")
    check_page(page)
    page.get_by_role("link", name="Report something").click()
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("alert").first).to_be_focused()
    page.get_by_role("link", name="What happened?").click()
    page.get_by_text("More: exact position").click()
    shot(page, screenshots, "portal-faults")
    check_page(page)
    page.get_by_label("Theft").check()
    page.get_by_label("What happened?").fill("My **bicycle** is gone, the lock lies there.\n\n- black\n- a basket")
    page.get_by_label("Where?").fill("Rack behind gate 4")
    page.get_by_label("Latitude").fill("51,4556")
    page.get_by_label("Longitude").fill("7.0116")
    page.get_by_label("Estimated loss").fill("950")
    photos = [("lock.png", draw_picture(size=(60, 40))), ("rack.png", draw_picture(size=(40, 60)))]
    page.get_by_label("Photos").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in photos]
    )
    shot(page, screenshots, "portal-form")
    check_page(page)
    with page.expect_response("**/incidents") as sent:
        page.get_by_role("button", name="Send the report").click()
    assert sent.value.status == 201
    incident = Incident.objects.get()
    expect(page.get_by_role("heading", name=incident.key)).to_be_visible()
    shot(page, screenshots, "portal-recorded")
    check_page(page)
    # The browser sends the form again, without the photos' bytes.
    page.reload()
    expect(page.get_by_role("heading", name=incident.key)).to_be_visible()
    assert Incident.objects.count() == 1
    page.get_by_role("link", name="See the report").click()
    check_page(page)
    assert Attachment.objects.filter(incident=incident).exclude(preview_key="").count() == 2
    page.get_by_label("In words").fill("The basket was found.")
    page.get_by_label("Photos").set_input_files(
        [{"name": "basket.png", "mimeType": "image/png", "buffer": draw_picture(size=(30, 30))}]
    )
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("status").first).to_contain_text("was added")
    expect(page.locator(".said")).to_contain_text("The basket was found.")
    move_incident(actor=Actor.system("test"), incident=incident, status="TRIAGED")
    ann = Actor.of_user(make_user(Role.MAINTAINER, full_name="Ann"))
    comment_on_incident(actor=ann, incident=incident, body="We look at the **cameras**.")
    comment_on_incident(actor=ann, incident=incident, body="It was her ex.", is_internal=True)
    page.reload()
    expect(page.locator("[aria-current=step]")).to_have_text("Looked at")
    expect(page.locator(".said").last).to_contain_text("Ann")
    expect(page.get_by_text("her ex")).to_have_count(0)
    expect(page.locator(".photos img")).to_have_count(3)
    for picture in page.locator(".photos img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("picture => picture.naturalWidth") > 0
    shot(page, screenshots, "portal-report")
    check_page(page)
    page.get_by_role("link", name="My reports").click()
    expect(page.get_by_role("link", name="bicycle")).to_be_visible()
    shot(page, screenshots, "portal-list")
    check_page(page)
    assert Comment.objects.filter(incident=incident).count() == 3
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()


@pytest.fixture
def open_site(transactional_db: None) -> Iterator[str]:
    """A server at which anybody reports."""
    for key in ("theft", "other"):
        category_of(key)
    with run_web_server(INCIDENT_PORTAL_ANONYMOUS="1") as server:
        yield server.origin


def test_a_stranger_reports_by_the_keyboard_and_comes_back_by_the_link(open_site: str, browser: Browser):
    context = browser.new_context(viewport=NARROW, base_url=open_site, timezone_id="America/Toronto")
    page = context.new_page()
    page.goto("/incidents/new")
    opened = time.monotonic()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio").first).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("A ladder leans at the fence.")
    expect(page.get_by_text("Times are in America/Toronto")).to_be_visible()
    page.get_by_label("Your e-mail").fill("me@example.com")
    page.get_by_label("Photos").set_input_files(
        [{"name": "ladder.png", "mimeType": "image/png", "buffer": draw_picture()}]
    )
    check_page(page)
    # Nobody types faster than this.
    page.wait_for_timeout(max(0.0, 3.1 - (time.monotonic() - opened)) * 1000)
    page.get_by_role("button", name="Send the report").click()
    link = page.locator(".keep a").get_attribute("href")
    check_page(page)
    context.close()
    later = browser.new_context(viewport=NARROW, java_script_enabled=False).new_page()
    later.goto(link or "")
    expect(later.get_by_text("A ladder leans at the fence.").first).to_be_visible()
    expect(later.locator(".photos img")).to_have_count(1)
    later.get_by_label("In words").fill("It is gone again.")
    later.get_by_role("button", name="Add it").click()
    expect(later.locator(".said")).to_contain_text("It is gone again.")
    expect(later.get_by_text("me@example.com")).to_have_count(0)
    check_page(later)
    later.context.close()
    assert Incident.objects.get().reporter_label == "me@example.com"


def test_no_text_runs_on_any_page_of_the_portal(site: str, page: Page, rita: User, complaints: list[str]):
    texts = [text.replace("\0", "") for text in [*WORST.values(), *xss_payloads()]]
    mine = [_poison(text, rita) for text in texts[:60]]
    for text in texts:
        make_incident_comment(mine[0], rita, text)
    page.add_init_script(TRAP)
    log_in(page, f"{site}/incidents")
    paths = [f"/incidents?page={number}" for number in (1, 2, 3)]
    paths += [f"/incidents/{incident.pk}" for incident in mine] + [f"/incidents/{mine[0].pk}/edit", "/account/profile"]
    for path in paths:
        page.goto(site + path)
        assert page.evaluate("window.__xss") == [], path
        assert complaints == [], path
    page.goto(f"{site}/incidents/new")
    everything = " ".join(texts)
    page.locator("details.more summary").click()
    for label in ("What happened?", "Where?", "Latitude", "Longitude", "Estimated loss", "Title"):
        page.get_by_label(label).fill(everything)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("alert").first).to_be_focused()
    assert page.evaluate("window.__xss") == []
    assert [text for text in complaints if "status of 400" not in text] == []


def _poison(text: str, reporter: User) -> Incident:
    incident = make_incident(actor=Actor.of_user(reporter))
    Incident.objects.filter(pk=incident.pk).update(
        title=" ".join(text.split())[:300] or "x", place=text[:300], description=text,
        description_html=render_markdown(text), city=text[:120], reporter_label=text[:254],
    )  # fmt: skip
    return incident


def make_incident_comment(incident: Incident, author: User, text: str) -> Comment:
    """A comment past all the checks of the services."""
    return Comment.objects.create(
        incident=incident, author=author, body=text, body_html=render_markdown(text), created_at=clock.now()
    )
