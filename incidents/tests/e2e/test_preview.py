"""A policy previewed and published as an admin does it, looked at in two widths and both schemes."""

import re

import pytest
from playwright.sync_api import expect

from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.tests.trials.courses import ingest_courses

pytestmark = pytest.mark.e2e
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}


def test_a_policy_is_previewed_looked_at_and_published(back_office, page, complaints, screenshots):
    ingest_courses(60, seed=3)
    page.goto(f"{back_office}/incidents/policyversion/add/")
    page.locator("[name=rules-1-resolution_minutes]").fill("60")
    page.locator("[name=rules-5-response_minutes]").fill("5")
    page.get_by_label("Note").fill("Faster for silver and gold")
    look(page, screenshots, "preview-form", None)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_text("Being worked out")).to_be_visible()
    look(page, screenshots, "preview-waiting", None)
    run_waiting_trials()
    # The page looks again by itself.
    expect(page.get_by_role("heading", name=re.compile("open tickets"))).to_be_visible(timeout=10_000)
    look(page, screenshots, "preview", "svg")
    page.goto(f"{back_office}/incidents/policytrial/")
    look(page, screenshots, "preview-list", None)
    page.get_by_role("link", name=re.compile("Preview ")).first.click()
    page.get_by_role("button", name="Open ones too", exact=True).click()
    expect(page.get_by_text("Version 2 is published.")).to_be_visible()
    assert complaints == []


def look(page, screenshots, name, wanted):
    """Pictures of the page; nothing sticks out sideways."""
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            if wanted:
                expect(page.locator(wanted).first).to_be_visible()
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 1, (name, size)
            page.screenshot(path=screenshots / f"{name}-{size}-{scheme}.png", full_page=True)
    page.set_viewport_size(SIZES["wide"])
