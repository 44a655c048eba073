"""P17: the back office's first page, by how much of everything there is."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.services.forecasts import refresh_forecasts
from incidents.testing.bench import incident_api_lists, issue_list
from incidents.testing.bench.events import make_policy
from incidents.testing.bench.reading import in_milliseconds
from tracker.choices import Role
from tracker.models import User
from tracker.testing.bench import Bench, Finding, at_most, median, workload
from tracker.testing.bench.rounds import time_call

PAGE = "/admin/"
# A tenth is open; of these each fortieth is late already, and the others are due within ten days.
TICKETS = """
INSERT INTO incidents_ticket (id, external_id, priority, customer_tier, status, category, title, description, url,
  sender_assignee, attributes, created_at, updated_at, received_at, due_at, alert_at, breach_at, is_open, has_sla)
SELECT i, 'CASE-' || i, (ARRAY['high', 'low', 'medium'])[1 + i % 3], 'gold', 'open', 'active', 'Ticket ' || i, '', '',
  '', '{}', now() - interval '2 hours', now() - (i % 900000 || ' seconds')::interval, now(), d.at, d.at, d.at,
  d.at IS NOT NULL, true
FROM generate_series(1, %s) i, LATERAL (SELECT CASE WHEN i % 400 = 0 THEN now() - interval '1 hour'
  WHEN i % 10 = 0 THEN now() + (i % 864000 || ' seconds')::interval END AS at) d
"""
CLOCKS = """
INSERT INTO incidents_clock (ticket_id, kind, cycle, policy_id, target_minutes, state, verdict, started_at, stopped_at,
  due_at, elapsed_seconds, anchor_at, crossings, alerted_percent, escalation_level)
SELECT id, 'resolution', 1, (SELECT max(id) FROM incidents_policyversion), 180,
  CASE WHEN is_open THEN 'running' ELSE 'stopped' END,
  CASE WHEN NOT is_open THEN (ARRAY['met', 'met', 'met', 'breached'])[1 + id % 4] END, created_at,
  CASE WHEN NOT is_open THEN updated_at END, coalesce(due_at, updated_at), id % 9000, created_at,
  ARRAY[due_at, due_at], 0, 0 FROM incidents_ticket
"""
ALERTS = """
INSERT INTO incidents_alert (ticket_id, clock_id, kind, cycle, percent, sla_state, level, channels, state, round,
  crossed_at, fired_at, details)
SELECT ticket_id, id, kind, cycle, 85, 'alert', 1, '[]', CASE WHEN id % 50 = 0 THEN 'firing' ELSE 'resolved' END, 1,
  now(), now(), '{}' FROM incidents_clock
"""
CHANNEL = """
INSERT INTO incidents_channel (name, kind, url, secret, filters, is_enabled, consecutive_failures, last_error,
  created_at) VALUES ('bench', 'slack', '', '', '{}', true, 0, '', now())
"""
DELIVERIES = """
INSERT INTO incidents_delivery (alert_id, channel_id, notice, round, key, status, attempts, last_error, created_at)
SELECT id, (SELECT min(id) FROM incidents_channel), 'fired', 1, gen_random_uuid(),
  CASE WHEN id % 1000 = 0 THEN 'dead' WHEN id % 1000 = 1 THEN 'pending' ELSE 'sent' END, 1, '', now()
FROM incidents_alert
"""
# Twenty projects, four measures, and as many days as that makes.
DAILY = """
INSERT INTO reports_dailystat (day, project_id, measure, figures, refreshed_at)
SELECT current_date - d, p.id, m, '{"open": 12, "open_by_severity": {"low": 3, "medium": 4, "high": 3, "critical": 2},
  "response_met": 3, "response_missed": 1, "resolution_met": 3, "resolution_missed": 1}', now()
FROM generate_series(0, %s / 80 - 1) d, tracker_project p, unnest(ARRAY['issues', 'incidents', 'tickets', 'sla']) m
"""
TABLES = ("incidents_ticket", "incidents_clock", "incidents_alert", "incidents_delivery", "reports_dailystat")


@workload("P17", "the dashboard")
def measure(bench: Bench) -> Iterator[Finding]:
    """The whole page at both sizes, read as a maintainer, and the number of its queries."""
    person = User(email="bench-dashboard@example.com", role=Role.MAINTAINER, password="!")
    person.save()
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost")
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])

    def read() -> None:
        answer = client.get(PAGE)
        if answer.status_code != 200:
            raise RuntimeError(f"The dashboard answered {answer.status_code}.")

    few, many = bench.pick(5_000, 10_000), bench.pick(20_000, 1_000_000)
    cost = {}
    for count in (few, many):
        fill(bench, count)
        read()
        cost[count] = median([time_call(read) for _ in range(bench.pick(7, 15))])
    what = f"at {many:,} rows of each kind against {few:,}"
    yield at_most(what, cost[many] / cost[few], 1.5, **in_milliseconds(cost))
    with CaptureQueriesContext(connection) as queries:
        read()
    yield at_most("queries", float(len(queries)), 50, unit="queries")


def fill(bench: Bench, count: int) -> None:
    """As many issues, incidents, tickets, clocks, alerts, deliveries and daily figures, as a settled database has."""
    bench.empty(*TABLES, "incidents_channel")
    issue_list.fill(bench, count)
    incident_api_lists.fill(bench, count)
    make_policy()
    bench.execute(TICKETS.replace("%", "%%").replace("%%s", "%s"), [count])
    for sql in (CLOCKS, ALERTS, CHANNEL, DELIVERIES):
        bench.execute(sql)
    bench.execute(DAILY, [count])
    for table in TABLES:
        bench.execute(f"VACUUM ANALYZE {table}")
    refresh_forecasts()
    bench.execute("VACUUM ANALYZE incidents_ticketforecast")
