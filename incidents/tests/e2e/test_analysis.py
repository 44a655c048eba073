"""The analysis as people see it: charts in both schemes, a telephone's width, links under the mouse, and on paper."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from incidents.testing.incident_factories import category_of, make_incident
from tracker import clock

pytestmark = pytest.mark.e2e
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}


@pytest.fixture
def analysis(back_office: str) -> str:
    """The page's address, with something on it: the categories of the installation may have been flushed away."""
    for number in range(30):
        make_incident(
            category=category_of("theft" if number % 4 else "outage"),
            occurred_at=clock.now() - timedelta(hours=number * 17),
            latitude=43.6 + number % 7 / 100,
            longitude=-79.4 + number % 5 / 100,
            place=f"Place {number % 3}",
        )
    return f"{back_office}/incidents/incidentanalysis/"


def test_charts_show_at_two_widths_and_lead_to_their_incidents(analysis, page, complaints, screenshots):
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(analysis)
            for name in ("Incidents by weekday and hour", "Where incidents happen most"):
                expect(page.get_by_role("img", name=name)).to_be_visible()
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 1, size
            page.screenshot(path=screenshots / f"analysis-{size}-{scheme}.png", full_page=True)
    colours = page.locator("rect.series-1").first.evaluate("one => getComputedStyle(one).fill")
    assert colours == "rgb(0, 114, 178)"
    page.locator("#over-time a").first.click()
    expect(page).to_have_url(re.compile(r"/incidents/incident/\?status=all&occurred_from="))
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
    assert complaints == []


def test_the_keyboard_reaches_every_figure_in_the_tables(analysis, page):
    page.goto(analysis)
    summary = page.locator("section", has_text="Hot spots").locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    link = page.locator("section", has_text="Hot spots").locator("td a").first
    expect(link).to_be_visible()
    # Past the box that scrolls.
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"near="))


def test_it_prints_without_the_frame(analysis, page):
    page.goto(analysis)
    page.emulate_media(media="print")
    expect(page.locator("#by-hour")).to_be_visible()
    for frame in ("#header", "#nav-sidebar", ".analysis-form"):
        expect(page.locator(frame)).to_be_hidden()
