"""An incident's way from a call on the phone to done, clicked and typed in a real browser, at both widths."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from incidents.models import Comment, EnrichmentRun, Incident, Issue
from incidents.testing.incident_factories import category_of, make_incident
from incidents.tests.e2e.test_issue_page import NARROW, PIXEL, WIDE, is_too_wide, shot

pytestmark = pytest.mark.e2e


def shots(page: Page, folder: Path, name: str) -> None:
    """Both themes of a page at both widths; nothing may stick out to the right."""
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        shot(page, folder, name)
        assert not is_too_wide(page), name


def test_an_incident_is_taken_down_triaged_and_closed(
    back_office: str, page: Page, complaints: list[str], screenshots: Path
):
    before = make_incident(title="Bicycle missing at gate 4", category=category_of("theft"), place="Gate 4")
    make_incident(title="Lamp out", category=category_of("outage"), severity="critical")
    page.goto(f"{back_office}/incidents/incident/add/")
    page.get_by_label("Category").select_option(label="Theft")
    page.get_by_label("Title").fill("Bicycle gone from the rack")
    page.get_by_label("Description").fill("A **blue** one, lock cut.")
    page.get_by_label("Told by").fill("Ms Noor, night shift")
    page.get_by_label("Place").fill("Gate 4")
    page.get_by_label("Latitude").fill("43.6532")
    page.get_by_label("Longitude").fill("-79.3832")
    page.get_by_label("Loss").fill("1250")
    shots(page, screenshots, "incident-add")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".rich-text strong", has_text="blue")).to_be_visible()
    incident = Incident.objects.get(title="Bicycle gone from the rack")
    found = {"similar": [{"id": before.pk, "score": 0.71, "reasons": ["the same place", "1.0 h apart"]}]}
    EnrichmentRun.objects.filter(incident=incident, provider="similar").update(state="done", answer=found)
    page.keyboard.press("a")
    expect(page.get_by_text("Assigned to")).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_text("Now: triaged.")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#edit").get_by_label("Category")).to_be_focused()
    shots(page, screenshots, "incident-edit")
    page.locator("#edit").get_by_label("Recovery").select_option(label="Missing")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("We know **who**.")
    page.get_by_label("Internal").check()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".is-internal strong", has_text="who")).to_be_visible()
    page.get_by_label("Files to add").set_input_files({"name": "rack.png", "mimeType": "image/png", "buffer": PIXEL})
    page.get_by_role("button", name="Add files").click()
    expect(page.locator(".files img")).to_have_js_property("complete", True)
    page.get_by_role("button", name=f"Link as a duplicate of {before.key}").click()
    expect(page.locator("#links").get_by_text("Bicycle missing at gate 4")).to_be_visible()
    page.get_by_label("Issue in").select_option(index=1)
    page.get_by_role("button", name="Make an issue of it").click()
    expect(page.locator("#links").get_by_text(incident.key)).to_be_visible()
    page.locator("#links").get_by_role("link", name=incident.key).click()
    for words in ("Start work", "Done"):
        page.get_by_role("button", name=words, exact=True).click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    shots(page, screenshots, "incident")
    incident.refresh_from_db()
    assert (incident.status, incident.recovery) == ("DONE", "missing")
    assert Comment.objects.get(incident=incident).is_internal
    assert Issue.objects.filter(incident_links__incident=incident).exists()
    assert complaints == []


def test_the_list_is_triaged_by_keys_and_buttons(
    back_office: str, page: Page, complaints: list[str], screenshots: Path
):
    for number in range(4):
        make_incident(title=f"Something at gate {number}", category=category_of("safety"), place=f"Gate {number}")
    page.goto(f"{back_office}/incidents/incident/?category=safety")
    page.keyboard.press("j")
    page.keyboard.press("m")
    expect(page.locator("#quick-steps")).to_contain_text("triaged")
    page.keyboard.press("4")
    expect(page.locator("#result_list")).to_contain_text("Critical")
    shots(page, screenshots, "incident-list")
    for box in page.locator("input.action-select").all()[1:3]:
        box.check()
    page.get_by_label("Action:").select_option("triage")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Category").select_option(label="Theft")
    shots(page, screenshots, "incident-triage")
    page.get_by_role("button", name="Change 2 incidents").click()
    expect(page.get_by_role("heading", name="Triage: 2 changed")).to_be_visible()
    page.goto(f"{back_office}/")
    expect(page.get_by_role("link", name="Theft")).to_be_visible()
    shots(page, screenshots, "incident-panel")
    assert Incident.objects.filter(category__key="theft", place__startswith="Gate").count() == 2
    assert complaints == []
