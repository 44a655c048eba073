"""The back office as people see it: wide and narrow, light and dark, without a single complaint of the browser."""

import shutil

import pytest
from playwright.sync_api import expect

from incidents.models import Ticket
from tracker.testing.services import CHECKOUT

pytestmark = pytest.mark.e2e

SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
LISTS = ("issue", "ticket", "alert", "channel", "delivery", "policyversion", "calendar", "ticketstatus")


def test_the_main_pages_at_two_widths_and_in_both_schemes(back_office, page, complaints, screenshots):
    ticket = Ticket.objects.filter(breach_at__isnull=False).order_by("breach_at").first()
    assert ticket is not None
    pages = {name: f"{back_office}/incidents/{name}/" for name in LISTS}
    pages |= {"home": f"{back_office}/", "one-ticket": f"{back_office}/incidents/ticket/{ticket.pk}/change/"}
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for name, address in pages.items():
                answer = page.goto(address)
                assert answer is not None
                assert answer.status == 200, address
                page.screenshot(path=screenshots / f"{name}-{size}-{scheme}.png", full_page=size == "narrow")
    assert complaints == []


def test_the_ticket_list_fits_a_telephone(back_office, page):
    page.set_viewport_size(SIZES["narrow"])
    page.goto(f"{back_office}/incidents/ticket/")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 1


@pytest.mark.parametrize("name", ["ticket", "issue"])
def test_the_pictures_of_the_readme(name, back_office, page, screenshots):
    page.set_viewport_size(SIZES["wide"])
    page.emulate_media(color_scheme="light")
    page.goto(f"{back_office}/incidents/{name}/")
    expect(page.locator("#result_list")).to_be_visible()
    picture = screenshots / f"{name}-list.png"
    page.screenshot(path=picture)
    published = CHECKOUT / "docs" / "images" / f"{name}-list.png"
    if not published.exists():
        published.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, published)
