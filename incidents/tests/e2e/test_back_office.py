"""The back office as people see it: wide and narrow, light and dark, without a single complaint of the browser."""

import shutil

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import BrowserContext, Page, expect

from incidents.models import Ticket
from incidents.services.demo import seed_demo
from tracker.access import Actor
from tracker.models import User
from tracker.testing.services import CHECKOUT

pytestmark = pytest.mark.e2e

PASSWORD = "a long enough password"
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
LISTS = ("ticket", "alert", "channel", "delivery", "policyversion", "calendar", "ticketstatus")


@pytest.fixture
def complaints(context: BrowserContext) -> list[str]:
    """Console errors and page errors, refused styles and scripts among them."""
    found: list[str] = []
    context.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: found.append(str(error.error)))
    return found


@pytest.fixture
def back_office(site: str, page: Page, complaints: list[str]) -> str:
    """The demo is in, and an admin has logged in."""
    admin = User.objects.create_superuser("admin@example.com")
    # The server has the real hashers only.
    admin.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    admin.save()
    seed_demo(actor=Actor.system("e2e"))
    page.goto(f"{site}/admin/")
    page.get_by_label("E-mail").fill("admin@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("admin@example.com").first).to_be_visible()
    return f"{site}/admin"


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


def test_the_picture_of_the_readme(back_office, page, screenshots):
    page.set_viewport_size(SIZES["wide"])
    page.emulate_media(color_scheme="light")
    page.goto(f"{back_office}/incidents/ticket/")
    expect(page.locator("#result_list")).to_be_visible()
    picture = screenshots / "ticket-list.png"
    page.screenshot(path=picture)
    published = CHECKOUT / "docs" / "images" / "ticket-list.png"
    if not published.exists():
        published.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, published)
