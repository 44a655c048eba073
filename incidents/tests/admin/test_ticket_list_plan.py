"""At 50,000 tickets the list's statements stand on their indexes."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.testing.factories import make_policy
from tracker.testing.factories import make_user

LIST = "/admin/incidents/ticket/"
FILL = """
INSERT INTO incidents_ticket (external_id, priority, customer_tier, status, category, title, description, url,
    sender_assignee, attributes, created_at, updated_at, received_at, due_at, alert_at, breach_at, is_open, has_sla)
SELECT 'BIG-' || i, 'high', 'gold', 'open', 'active', CASE WHEN i % 1000 = 0 THEN 'printer' ELSE 'other' END, '', '',
    '', '{}', now(), now() - (i || ' seconds')::interval, now(), due, due, due, i % 3 > 0, true
FROM generate_series(1, 50000) i, LATERAL (SELECT CASE WHEN i % 3 > 0 AND i % 10 > 0
    THEN now() + (i % 20000 - 2000 || ' seconds')::interval END AS due) d;
INSERT INTO incidents_clock (ticket_id, kind, cycle, policy_id, target_minutes, state, started_at, elapsed_seconds,
    anchor_at, crossings, alerted_percent, escalation_level)
SELECT id, 'resolution', 1, (SELECT min(id) FROM incidents_policyversion), 180, 'running', created_at, 0, created_at,
    '{}', 0, 1 FROM incidents_ticket;
ANALYZE incidents_ticket, incidents_clock;
"""


@pytest.fixture
def many_tickets(transactional_db: None) -> None:
    make_policy()
    with connection.cursor() as cursor:
        cursor.execute(FILL)


def explain_statements(client: Client, query: str) -> list[str]:
    """The plans of what a view of the list reads of tickets and clocks."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST + query).status_code == 200
    plans = []
    with connection.cursor() as cursor:
        for captured in queries:
            if '"incidents_ticket"' in captured["sql"] or '"incidents_clock"' in captured["sql"]:
                cursor.execute("EXPLAIN " + captured["sql"])
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return plans


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "ticket_by_urgency"),
        ("?p=100", "ticket_by_urgency"),
        ("?sla=breach", "ticket_by_"),
        ("?show=all", "ticket_by_update"),
        ("?q=BIG-4999", "external_id"),
        ("?q=printer", "ticket_search"),
    ],
)
def test_the_page_is_read_through_an_index(many_tickets: None, client: Client, query: str, index: str):
    client.force_login(make_user())
    plans = explain_statements(client, query)
    page = next(plan for plan in plans if "tracker_user" in plan)
    assert index in page
    assert "Seq Scan on incidents_ticket" not in page
    clocks = plans[-1]
    assert "Seq Scan on incidents_clock" not in clocks
