"""The reporters' portal in a real browser: on a telephone and wide, with scripts and without, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, Page, expect

from incidents.models import Attachment, Comment, Incident
from incidents.services.comments import comment_on_incident
from incidents.services.incident_moves import move_incident
from incidents.testing.incident_factories import category_of
from incidents.tests.e2e.conftest import PASSWORD
from incidents.tests.e2e.test_issue_page import is_too_wide, shot
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import make_user
from tracker.testing.hostile_files import draw_picture

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
    page.get_by_label("Add something").fill("The basket was found.")
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
