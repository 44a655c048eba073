"""One ticket's page: everything about it, and what people do with it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Comment, Ticket
from incidents.testing.factories import (
    make_alert,
    make_clock,
    make_comment,
    make_policy,
    make_status,
    make_ticket,
    make_ticket_event,
)
from tracker import clock
from tracker.models import Event, User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


def page_of(ticket: Ticket, rest: str = "change/") -> str:
    return f"/admin/incidents/ticket/{ticket.pk}/{rest}"


def test_it_shows_facts_clocks_alerts_and_what_happened(maintainer_client: Client, maintainer: User):
    policy = make_policy()
    ticket = make_ticket(due_in_minutes=-5, title="Printer <b>burns</b>", description="It is hot.")
    make_ticket_event(ticket, status="new", updated_at=ticket.created_at)
    make_ticket_event(ticket)
    make_alert(ticket, clock_row=make_clock(ticket, policy=policy), sla_state="breach", percent=100, level=2)
    make_comment(ticket, maintainer, "Called them.")
    page = maintainer_client.get(page_of(ticket)).content.decode()
    for words in ("Printer &lt;b&gt;burns", "It is hot.", "Opened as new", "Status new → open", "Called them.",
                  "Breach of the resolution at 100 %", "over by 5 min", "version 1"):  # fmt: skip
        assert words in page
    assert "<b>burns" not in page


def test_the_facts_tell_the_highest_escalation_level_of_its_clocks(maintainer_client: Client):
    ticket = make_ticket(due_in_minutes=-5)
    make_ticket_event(ticket)
    make_clock(ticket, policy=make_policy(), escalation_level=2)
    page = maintainer_client.get(page_of(ticket)).content.decode()
    assert "<dt>Escalation level</dt><dd>2</dd>" in page


def test_the_page_costs_the_same_however_long_the_story(maintainer_client: Client, maintainer: User):
    policy, ticket = make_policy(), make_ticket(due_in_minutes=10)
    make_clock(ticket, policy=policy)
    for name in ("s0", "s1", "s2"):
        make_status(name)
    make_ticket_event(ticket, status="s0")
    make_comment(ticket, maintainer)
    with CaptureQueriesContext(connection) as short:
        maintainer_client.get(page_of(ticket))
    for minute in range(120):
        make_ticket_event(ticket, updated_at=ticket.created_at + timedelta(seconds=minute), status=f"s{minute % 3}")
        make_comment(ticket, maintainer)
    with CaptureQueriesContext(connection) as long:
        page = maintainer_client.get(page_of(ticket)).content.decode()
    assert len(long) <= len(short) <= 25
    assert ">Older<" in page


def test_older_entries_follow_without_a_gap(maintainer_client: Client, maintainer: User):
    ticket = make_ticket()
    start = clock.now() - timedelta(hours=2)
    for number in range(120):
        make_comment(ticket, maintainer, f"note {number}.", created_at=start + timedelta(seconds=number // 3))
    seen: list[str] = []
    query = ""
    for _ in range(10):
        timeline = maintainer_client.get(page_of(ticket) + query).context["timeline"]
        seen += [entry.comment.body for entry in timeline.entries]
        if timeline.older_than is None:
            break
        query = f"?before={timeline.older_than.isoformat().replace('+', '%2B')}"
    assert sorted(seen) == sorted(f"note {number}." for number in range(120))


def test_a_comment_is_added_through_the_service(maintainer_client: Client, maintainer: User):
    ticket = make_ticket()
    maintainer_client.post(page_of(ticket, "comment/"), {"body": "Looking into it."})
    comment = Comment.objects.get(ticket=ticket)
    assert (comment.body, comment.author) == ("Looking into it.", maintainer)
    assert Event.objects.get(verb="ticket.commented").actor_id == maintainer.pk


@pytest.mark.parametrize("body", ["", "   ", "x" * 20_001, "a\x00b"])
def test_a_comment_that_is_none_is_refused_with_words(maintainer_client: Client, body):
    ticket = make_ticket()
    answer = maintainer_client.post(page_of(ticket, "comment/"), {"body": body}, follow=True)
    assert "20,000" in answer.content.decode() or "20000" in answer.content.decode()
    assert not Comment.objects.exists()


def test_it_is_assigned_and_taken_away_again(maintainer_client: Client):
    ticket, person = make_ticket(), make_user()
    maintainer_client.post(page_of(ticket, "assign/"), {"assignee": person.pk})
    ticket.refresh_from_db()
    assert ticket.assignee == person
    maintainer_client.post(page_of(ticket, "assign/"), {"assignee": ""})
    assert not Ticket.objects.filter(assignee__isnull=False).exists()
    assert Event.objects.filter(verb="ticket.assigned").count() == 2


def test_a_new_ticket_is_opened_by_hand_and_its_status_changed(maintainer_client: Client):
    values = {"title": "Door does not shut", "priority": "high", "customer_tier": "gold", "status": "new"}
    answer = maintainer_client.post(
        "/admin/incidents/ticket/add/", {**values, "description": "", "project": "", "url": ""}
    )
    ticket = Ticket.objects.get(title="Door does not shut")
    assert answer["Location"] == page_of(ticket)
    maintainer_client.post(page_of(ticket, "edit/"), {"status": "closed"})
    ticket.refresh_from_db()
    assert (ticket.status, ticket.is_open) == ("closed", False)
    assert ticket.history.count() == 2


def test_what_the_door_refuses_is_shown_in_the_form(maintainer_client: Client):
    answer = maintainer_client.post("/admin/incidents/ticket/add/", {"title": "", "priority": "high"})
    assert answer.status_code == 200
    assert not Ticket.objects.exists()
    assert "This field is required" in answer.content.decode()


def test_nobody_gets_at_a_ticket_without_the_right(client: Client):
    ticket = make_ticket()
    client.force_login(make_user("reporter"))
    for rest in ("change/", "comment/", "assign/", "edit/"):
        assert client.post(page_of(ticket, rest), {"body": "x", "status": "closed"}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.is_open, Comment.objects.count()) == (True, 0)


def test_reading_never_writes_and_the_page_itself_takes_no_post(maintainer_client: Client):
    ticket = make_ticket()
    assert maintainer_client.get(page_of(ticket, "comment/")).status_code == 403
    assert maintainer_client.post(page_of(ticket), {"title": "x"}).status_code == 403
    assert maintainer_client.get(page_of(ticket, "delete/")).status_code == 403


def test_the_log_of_a_ticket_is_for_admins(maintainer_client: Client, admin_client: Client):
    ticket = make_ticket()
    maintainer_client.post(page_of(ticket, "comment/"), {"body": "Hm."})
    assert maintainer_client.get(page_of(ticket, "history/")).status_code == 403
    assert "ticket.commented" in admin_client.get(page_of(ticket, "history/")).content.decode()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", " vbscript:x", "//x"]
)
def test_an_address_that_could_run_script_is_no_link(maintainer_client: Client, url: str):
    page = maintainer_client.get(page_of(make_ticket(url=url))).content.decode()
    assert "Open at the sender" not in page
