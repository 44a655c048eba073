"""The ticket list: most urgent first, and fast however many there are."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Ticket
from incidents.testing.factories import make_clock, make_policy, make_ticket
from tracker import clock
from tracker.models import Event, User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/ticket/"


def shown_ids(client: Client, query: str = "") -> list[str]:
    answer = client.get(LIST + query)
    assert answer.status_code == 200
    return [ticket.external_id for ticket in answer.context["cl"].result_list]


def test_the_most_urgent_stands_first_and_those_without_a_deadline_last(maintainer_client: Client):
    calm = make_ticket(due_in_minutes=600)
    nothing = make_ticket()
    late = make_ticket(due_in_minutes=-12)
    soon = make_ticket(due_in_minutes=20)
    make_ticket(is_open=False, category="closed")
    expected = [late, soon, calm, nothing]
    assert shown_ids(maintainer_client) == [ticket.external_id for ticket in expected]


def test_it_says_in_words_how_urgent_each_is(maintainer_client: Client):
    now = clock.now()
    for minutes in (-12.5, 20.5, 125.5):
        make_ticket(due_in_minutes=minutes, created_at=now - timedelta(hours=9))
    make_ticket(has_sla=False)
    page = maintainer_client.get(LIST).content.decode()
    for words in ("over by 12 min", "20 min left", "2 h 5 min left", ">Breach<", ">Alert<", ">OK<", ">No SLA<"):
        assert words in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?sla=breach", ["late"]),
        ("?sla=alert", ["soon"]),
        ("?sla=ok", ["calm"]),
        ("?sla=none", ["free"]),
        ("?show=closed", ["done"]),
        ("?priority=low", ["calm"]),
        ("?assigned=me", ["soon"]),
        ("?category=waiting", ["calm"]),
        ("?created_at_from=2020-01-01&created_at_to=2020-12-31&show=all", ["done"]),
        ("?created_at_from=nonsense&sla=breach", ["late"]),
        ("?q=lat", ["late"]),
        ("?q=printer", ["calm"]),
        ("?q=%25", []),
    ],
)
def test_filters_and_search_find_what_they_say(maintainer_client: Client, maintainer: User, query, expected):
    make_policy(rules=2).rules.update(priority="low")
    make_ticket(due_in_minutes=-5, external_id="late")
    make_ticket(due_in_minutes=20, external_id="soon", assignee=maintainer)
    make_ticket(due_in_minutes=90, external_id="calm", priority="low", category="waiting", title="The printer burns")
    make_ticket(external_id="free", has_sla=False)
    made_at = clock.now().replace(year=2020, month=6, day=1)
    make_ticket(external_id="done", is_open=False, category="closed", created_at=made_at)
    assert shown_ids(maintainer_client, query) == expected


def test_nothing_is_counted_beyond_the_cap_and_the_queries_do_not_grow(maintainer_client: Client):
    policy = make_policy()
    for _ in range(3):
        make_clock(make_ticket(due_in_minutes=5), policy=policy)
    with CaptureQueriesContext(connection) as few:
        maintainer_client.get(LIST)
    for _ in range(60):
        make_clock(make_ticket(due_in_minutes=5), policy=policy)
    with CaptureQueriesContext(connection) as many:
        maintainer_client.get(LIST)
    assert len(many) == len(few) == 12
    counts = [query["sql"] for query in many if "COUNT(" in query["sql"] and "incidents_ticket" in query["sql"]]
    assert counts
    assert all("LIMIT 10001" in sql for sql in counts)
    assert not re.search(r'"incidents_ticket"\."(description|attributes|search)"', " ".join(q["sql"] for q in many))


def test_ticked_tickets_are_assigned_through_the_service(maintainer_client: Client, maintainer: User):
    tickets = [make_ticket() for _ in range(3)]
    ticked = [ticket.pk for ticket in tickets[:2]]
    maintainer_client.post(LIST, {"action": "assign_to_me", "_selected_action": ticked, "index": 0})
    assert set(Ticket.objects.filter(assignee=maintainer).values_list("pk", flat=True)) == set(ticked)
    logged = Event.objects.filter(verb="ticket.assigned")
    assert {event.object_id for event in logged} == {ticket.external_id for ticket in tickets[:2]}
    assert {event.actor_id for event in logged} == {maintainer.pk}


def test_an_assignee_can_be_chosen_for_many(maintainer_client: Client):
    tickets, person = [make_ticket(), make_ticket()], make_user()
    ticked = {"_selected_action": [ticket.pk for ticket in tickets], "index": 0, "action": "assign_to_somebody"}
    asked = maintainer_client.post(LIST, ticked)
    assert tickets[0].external_id in asked.content.decode()
    maintainer_client.post(LIST, {**ticked, "assignee": person.pk})
    assert Ticket.objects.filter(assignee=person).count() == 2


def test_a_reporter_cannot_be_given_tickets(maintainer_client: Client):
    ticket, reporter = make_ticket(), make_user("reporter")
    maintainer_client.post(
        LIST, {"action": "assign_to_somebody", "_selected_action": [ticket.pk], "index": 0, "assignee": reporter.pk}
    )
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_an_action_never_takes_everything_that_matches(maintainer_client: Client):
    ticket = make_ticket()
    maintainer_client.post(
        LIST, {"action": "assign_to_me", "_selected_action": [ticket.pk], "index": 0, "select_across": "1"}
    )
    ticket.refresh_from_db()
    assert ticket.assignee is None
