"""A report is planned without a line of JSON, and taken along as a file."""

import re

import pytest
from django_celery_beat.models import PeriodicTask
from playwright.sync_api import expect

from reports.models import Report
from reports.services.report_runs import run_due_reports
from reports.services.reports import request_report
from reports.testing.sheets import read_sheets
from tracker.access import Actor
from tracker.models import User
from tracker.schedule_times import Weekly, read_when

pytestmark = pytest.mark.e2e
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}


def test_a_report_is_planned_in_fields_and_taken_along(back_office, page, complaints, screenshots):
    page.goto(f"{back_office}/django_celery_beat/periodictask/add/")
    page.get_by_role("link", name="Make a report and send it by e-mail").click()
    page.get_by_role("link", name=re.compile("^Backlog")).click()
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 1, size
            page.screenshot(path=screenshots / f"plan-{size}-{scheme}.png", full_page=True)
    page.set_viewport_size(SIZES["wide"])
    page.get_by_label("Name").fill("Backlog on Tuesdays")
    page.get_by_label("Recipients").fill("nobody@example.com")
    page.get_by_label("On:", exact=True).select_option("Tuesday")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nobody active has the address nobody@example.com")).to_be_visible()
    page.get_by_label("Recipients").fill("admin@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Backlog, by e-mail to admin@example.com")).to_be_visible()
    assert read_when(PeriodicTask.objects.get(name="Backlog on Tuesdays")) == Weekly(1, 7, 0, "UTC")
    admin = User.objects.get(email="admin@example.com")
    request_report(actor=Actor.of_user(admin), kind="backlog", parameters={})
    run_due_reports()
    page.goto(f"{back_office}/reports/report/{Report.objects.get().pk}/change/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel (XLSX)").click()
    content = download.value.path().read_bytes()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert len(read_sheets(content)) >= 1
    assert complaints == []
