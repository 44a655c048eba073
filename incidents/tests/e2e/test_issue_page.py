"""An issue's way from the report to done, clicked and typed in a real browser, at both widths."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from incidents.models import Attachment, Comment, Issue

pytestmark = pytest.mark.e2e
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def shot(page: Page, folder: Path, name: str) -> None:
    """Both themes of a page, at the present width."""
    width = (page.viewport_size or WIDE)["width"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # Django's buttons change their colour slowly.
        page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")


def is_too_wide(page: Page) -> bool:
    """Whether something sticks out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_an_issue_is_reported_worked_on_and_closed(
    back_office: str, page: Page, complaints: list[str], screenshots: Path
):
    page.set_viewport_size(WIDE)
    page.goto(f"{back_office}/incidents/issue/add/")
    page.get_by_label("Title").fill("Door 4 jams")
    page.get_by_label("Description").fill("It **jams** when it rains.")
    page.get_by_label("Tags").fill("door, rain")
    shot(page, screenshots, "issue-add")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".rich-text strong", has_text="jams")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_text("Assigned to")).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_text("Now: triaged.")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#edit").get_by_label("Title")).to_be_focused()
    shot(page, screenshots, "issue-edit")
    page.set_viewport_size(NARROW)
    shot(page, screenshots, "issue-edit")
    assert not is_too_wide(page)
    page.set_viewport_size(WIDE)
    page.locator("#edit").get_by_label("Title").fill("Door 4 jams in the rain")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Door 4 jams in the rain")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("Looked at it: the seal is **swollen**.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".said strong", has_text="swollen")).to_be_visible()
    page.get_by_label("Files to add").set_input_files(
        [
            {"name": "seal.png", "mimeType": "image/png", "buffer": PIXEL},
            {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"wet"},
        ]
    )
    page.get_by_role("button", name="Add files").click()
    expect(page.locator(".files img")).to_have_js_property("complete", True)
    page.get_by_label("Key of the other issue").fill("OPS-7")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator(".links").get_by_text("Gate 4 opens only halfway")).to_be_visible()
    for words in ("Start work", "Done"):
        page.get_by_role("button", name=words, exact=True).click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    shot(page, screenshots, "issue")
    page.set_viewport_size(NARROW)
    shot(page, screenshots, "issue")
    assert not is_too_wide(page)
    issue = Issue.objects.get(title="Door 4 jams in the rain")
    assert (issue.status, Comment.objects.filter(issue=issue).count()) == ("DONE", 1)
    assert Attachment.objects.filter(issue=issue).exclude(preview_key="").count() == 1
    page.goto(f"{back_office}/incidents/issue/{issue.pk}/merge/?into=OPS-7")
    shot(page, screenshots, "issue-merge")
    page.goto(f"{back_office}/incidents/issue/import/")
    table = b"key,title,severity\nOPS-7,Gate 4 opens halfway,high\n,A new one,grave\n"
    page.get_by_label("CSV file").set_input_files({"name": "i.csv", "mimeType": "text/csv", "buffer": table})
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("1 refused")).to_be_visible()
    shot(page, screenshots, "issue-import")
    assert not is_too_wide(page)
    page.set_viewport_size(WIDE)
    shot(page, screenshots, "issue-import")
    page.goto(f"{back_office}/incidents/issue/{Issue.objects.get(project__key='OPS', number=8).pk}/change/")
    shot(page, screenshots, "issue-table")
    assert complaints == []
