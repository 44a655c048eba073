"""The first page's boxes about work: what is due next with its working time, what is at risk, what does not arrive."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from incidents.models import PolicyRule
from incidents.services.forecasts import refresh_forecasts
from incidents.testing.factories import (
    make_alert,
    make_calendar,
    make_channel,
    make_clock,
    make_delivery,
    make_policy,
    make_ticket,
)
from incidents.testing.past_promises import Past, make_past
from tracker import clock
from tracker.choices import Role
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


def boxes(client: Client) -> dict:
    page = client.get("/admin/")
    assert page.status_code == 200
    return {panel.key: panel for panel in page.context["panels"]}


def test_what_is_due_next_stands_first_with_its_working_time_and_late_ones_only_as_a_number(
    maintainer_client: Client, move_clock
):
    # A Friday afternoon in office hours, an hour before the weekend.
    friday = clock.now().replace(year=2026, month=3, day=6, hour=16, minute=0)
    move_clock(to=friday)
    policy = make_policy(effective_at=friday - timedelta(days=1))
    hours = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    PolicyRule.objects.update(calendar=make_calendar(hours=hours))
    over_the_weekend = friday + timedelta(days=2, hours=18)
    for name, due_at in (("late", friday - timedelta(hours=1)), ("next", over_the_weekend)):
        ticket = make_ticket(external_id=name, created_at=friday, due_at=due_at, breach_at=due_at)
        make_clock(ticket, policy=policy, target_minutes=120, anchor_at=friday)
    page = " ".join(strip_tags(maintainer_client.get("/admin/").content.decode()).split())
    assert "next Something is wrong" in page
    # Sunday 18 hours later is Monday, ten o'clock: an hour on Friday and one on Monday.
    assert "2 d 18 h left" in page
    assert "Resolution: 2 h of working time" in page
    assert "1 breached already" in page
    assert "late Something" not in page


def test_every_link_of_a_box_leads_to_the_rows_it_counts(maintainer_client: Client):
    make_ticket(due_in_minutes=-5)
    for minutes in (5, 400):
        make_ticket(due_in_minutes=minutes)
    page = maintainer_client.get("/admin/incidents/ticket/?sla=next")
    assert len(page.context["cl"].result_list) == 2
    channel = make_channel(consecutive_failures=2, last_error="HTTP 500")
    alert = make_alert(make_ticket())
    make_delivery(channel, alert, status="dead", next_attempt_at=None)
    make_delivery(channel, attempts=3)
    make_delivery(channel)
    for _, _, number, address in boxes(maintainer_client)["panel-deliveries"].context["figures"]:
        assert len(maintainer_client.get(address).context["cl"].result_list) == int(number) == 1


def test_the_likeliest_to_be_breached_stand_first_with_their_numbers(maintainer_client: Client):
    assert "Nothing to learn from yet" in maintainer_client.get("/admin/").content.decode()
    make_past([Past(10)] * 20 + [Past(150)] * 20 + [Past(10, priority="low")] * 40)
    for name, priority in (("calm", "low"), ("hot", "high")):
        make_clock(make_ticket(external_id=name, priority=priority, created_at=clock.now()), target_minutes=90)
    refresh_forecasts()
    risk = boxes(maintainer_client)["panel-risk"].context
    assert [row.ticket.external_id for row, _ in risk["rows"]] == ["hot"]
    listed = maintainer_client.get(risk["address"]).context["cl"].result_list
    assert [ticket.external_id for ticket in listed] == ["hot", "calm"]


def test_an_empty_installation_says_in_each_box_what_would_be_there(maintainer_client: Client):
    page = maintainer_client.get("/admin/").content.decode()
    for words in (
        "No ticket has arrived yet", "No open ticket has a deadline ahead", "No incident is waiting", "No channel",
        "Nothing fires", "None is open", "No promise was kept or broken yet", "No daily figures yet",
    ):  # fmt: skip
        assert words in page
    assert "figure-breach" not in page


def test_the_page_is_live_and_asks_the_same_however_much_there_is(maintainer_client: Client):
    make_policy()
    with CaptureQueriesContext(connection) as few:
        page = maintainer_client.get("/admin/")
    assert {"alert", "delivery", "incident", "issue", "ticket"} <= set(page.context["live_types"].split(","))
    assert 'data-what="dashboard"' in page.content.decode()
    make_past([Past(10)] * 30)
    for _ in range(20):
        make_alert(make_ticket(due_in_minutes=5))
    with CaptureQueriesContext(connection) as many:
        maintainer_client.get("/admin/")
    assert len(many) <= len(few) + 1


def test_a_reporter_and_nobody_do_not_get_in(client: Client):
    assert client.get("/admin/").status_code == 302
    client.force_login(make_user(Role.REPORTER))
    assert client.get("/admin/").status_code in (302, 403)
