"""A report from the choice of its kind to its charts, as somebody sees it who stays on the page."""

import re

import pytest
from playwright.sync_api import expect

from reports.models import Report
from reports.services.report_runs import run_due_reports
from reports.services.reports import request_report
from tracker.access import Actor
from tracker.models import User

pytestmark = pytest.mark.e2e
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}


def test_a_report_is_asked_for_followed_and_read_without_leaving_the_page(back_office, page, complaints, screenshots):
    page.goto(f"{back_office}/reports/report/add/")
    page.get_by_role("link", name="Daily summary").click()
    page.get_by_label("Project").select_option(index=1)
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    run_due_reports()
    # The page notices by itself.
    expect(page.locator("#report")).to_have_attribute("data-state", "ready", timeout=15_000)
    chart = page.get_by_role("img", name=re.compile("by status"))
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(chart).to_be_visible()
            # Colours change slowly.
            page.wait_for_timeout(500)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 1, size
            page.screenshot(path=screenshots / f"report-{size}-{scheme}.png", full_page=True)
    page.set_viewport_size(SIZES["wide"])
    page.locator("table.report-table tbody a").first.click()
    expect(page).to_have_url(re.compile(r"/admin/incidents/issue/\?"))
    page.goto(f"{back_office}/reports/report/{Report.objects.get().pk}/change/")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="As of now")).to_be_hidden()
    expect(chart).to_be_visible()
    request_report(actor=Actor.of_user(User.objects.get(email="admin@example.com")), kind="response", parameters={})
    run_due_reports()
    # As wide as A4 between its margins: paper does not scroll, and this one has ten columns.
    page.set_viewport_size({"width": 717, "height": 1000})
    page.goto(f"{back_office}/reports/report/{Report.objects.latest('pk').pk}/change/")
    expect(page.locator(".report-table").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 717
    assert complaints == []
