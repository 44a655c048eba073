"""The first page in a browser: boxes change while somebody looks, and it prints on white paper."""

import pytest
from playwright.sync_api import Page, expect

from incidents.services.incidents import create_incident
from incidents.testing.incident_factories import category_of
from tracker.access import Actor

pytestmark = pytest.mark.e2e


def test_a_box_follows_what_is_reported_while_one_that_is_used_stays(back_office, page: Page, complaints: list[str]):
    page.goto(f"{back_office}/")
    live = page.locator("#live")
    expect(live).to_have_attribute("data-state", "live")
    categories = page.locator("#panel-categories")
    held = page.locator("#panel-incidents a.figure").first
    held.focus()
    before, count = categories.inner_text(), held.inner_text()
    theft = category_of("theft")
    create_incident(actor=Actor.system("e2e"), values={"category": theft, "title": "A bicycle is gone"})
    expect(live).to_contain_text("dashboard updated", timeout=15_000)
    assert categories.inner_text() != before
    # The link under the reader's finger is still the one it was.
    assert held.inner_text() == count
    assert complaints == []


def test_it_prints_white_without_the_frame_and_fits_a_telephone(back_office, page: Page, complaints: list[str]):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{back_office}/")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    for hidden in ("#header", "#nav-sidebar", "#live"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator(".print-only")).to_contain_text("As of")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    colour = page.evaluate("getComputedStyle(document.querySelector('.panel h2')).color")
    assert colour == "rgb(0, 0, 0)"
    assert page.pdf()[:5] == b"%PDF-"
    assert complaints == []
