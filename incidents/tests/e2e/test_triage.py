"""A morning's triage, clicked and typed through a real browser."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from incidents.models import Alert, Channel, Comment, Delivery, Ticket
from incidents.services.alerts import sweep_due_clocks
from incidents.testing.factories import make_channel
from tracker.models import User

pytestmark = pytest.mark.e2e
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# What a page must never run, whatever a sender calls a ticket.
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'>{{7*7}}<svg/onload=alert(3)>"


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def sized(request: pytest.FixtureRequest, page: Page) -> Page:
    page.set_viewport_size(request.param)
    return page


@pytest.fixture
def fired(back_office: str) -> Alert:
    sweep_due_clocks()
    alert = Alert.objects.filter(state="firing").order_by("-id").first()
    assert alert is not None
    return alert


def test_from_the_dashboard_to_an_acknowledged_alert(back_office, sized: Page, fired: Alert, complaints: list[str]):
    sized.goto(f"{back_office}/")
    sized.get_by_role("link", name=re.compile("All firing alerts")).click()
    sized.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    sized.get_by_role("button", name="Acknowledge").click()
    expect(sized.get_by_text("Acknowledged: it is yours.")).to_be_visible()
    assert Alert.objects.filter(state="acked", acknowledged_by__email="admin@example.com").count() == 1
    assert complaints == []


def test_a_ticket_is_commented_assigned_and_changed(back_office, sized: Page, complaints: list[str]):
    User.objects.create(email="max@example.com", full_name="Max", role="maintainer")
    sized.goto(f"{back_office}/incidents/ticket/")
    sized.locator("#result_list tbody th a").first.click()
    sized.get_by_label("Internal comment").fill("Called them, <b>waiting</b>.")
    sized.get_by_role("button", name="Add comment").click()
    expect(sized.get_by_text("Called them, <b>waiting</b>.")).to_be_visible()
    sized.locator(".select2-selection").click()
    sized.locator(".select2-search__field").fill("max")
    sized.locator(".select2-results__option", has_text="max@example.com").click()
    sized.get_by_role("button", name="Assign", exact=True).click()
    expect(sized.get_by_text("Assigned to max@example.com.")).to_be_visible()
    sized.get_by_label("Priority").select_option("critical")
    sized.get_by_role("button", name="Change now").click()
    expect(sized.get_by_text("Changed. The clocks follow.")).to_be_visible()
    assert Comment.objects.filter(ticket__isnull=False).count() == 1
    assert Ticket.objects.get(assignee__email="max@example.com").priority == "critical"
    assert complaints == []


def test_a_channel_is_tested_and_muted(back_office, sized: Page, complaints: list[str]):
    channel = make_channel(name="ops", url="http://127.0.0.1:8765/services/T0/B0/secret-part")
    sized.goto(f"{back_office}/incidents/channel/")
    sized.get_by_role("link", name="ops").click()
    sized.get_by_role("button", name="Send a test").click()
    expect(sized.get_by_text("A test is on its way")).to_be_visible()
    sized.get_by_role("button", name="Mute").click()
    expect(sized.get_by_role("button", name="Unmute")).to_be_visible()
    assert "secret-part" not in sized.content()
    assert Delivery.objects.filter(channel=channel, notice="test").count() == 1
    assert Channel.objects.get(pk=channel.pk).muted_until is not None
    assert complaints == []


def test_the_list_is_worked_by_keys_alone(back_office, page: Page, complaints: list[str]):
    page.goto(f"{back_office}/incidents/ticket/")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("#result_list tbody tr").nth(0)).to_have_class("is-at")
    page.keyboard.press("x")
    expect(page.locator("#result_list tbody tr").nth(0).locator("input.action-select")).to_be_checked()
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.type("jk?")
    expect(page.locator("#searchbar")).to_have_value("jk?")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_be_visible()
    assert complaints == []


def test_filters_open_close_and_tell_what_they_hold(back_office, sized: Page, complaints: list[str]):
    sized.goto(f"{back_office}/incidents/ticket/")
    sized.locator("#filter-bar summary", has_text="SLA").click()
    sized.get_by_role("link", name="Breach", exact=True).click()
    expect(sized.locator("#filter-bar summary", has_text="SLA")).to_contain_text("Breach")
    sized.locator("#filter-bar summary", has_text="Created").click()
    sized.locator("input[name=created_at_from]").fill("2020-01-01")
    sized.locator(".day-range").first.get_by_role("button", name="Apply").click()
    assert "sla=breach" in sized.url
    assert "created_at_from=2020-01-01" in sized.url
    assert complaints == []


def test_what_senders_call_things_is_never_run(back_office, page: Page, complaints: list[str]):
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    ticket = Ticket.objects.filter(is_open=True, due_at__isnull=False).order_by("due_at").first()
    assert ticket is not None
    Ticket.objects.filter(pk=ticket.pk).update(
        title=HOSTILE, description=HOSTILE, status=HOSTILE[:60], sender_assignee=HOSTILE, priority=HOSTILE[:40],
        attributes={HOSTILE: HOSTILE}, url="javascript:alert(4)",
    )  # fmt: skip
    Channel.objects.create(name=HOSTILE[:60], kind="slack", url="x", last_error=HOSTILE, consecutive_failures=1)
    for rest in ("", "incidents/ticket/", f"incidents/ticket/{ticket.pk}/change/", "incidents/channel/"):
        page.goto(f"{back_office}/{rest}")
        page.wait_for_load_state("load")
        assert page.locator("img[src=x]").count() == 0
        assert page.locator("a[href^='javascript:']").count() == 0
    assert dialogs == []
    assert complaints == []
