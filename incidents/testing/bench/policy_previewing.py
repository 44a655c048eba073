"""P12, its preview: a policy tried over 100,000 open tickets, with its back-test of 90 days."""

import time
from collections.abc import Iterator
from dataclasses import replace

from incidents.models import PolicyTrial
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_trials import request_trial
from incidents.services.replays import replay_requested
from incidents.sla.calendars import DAYS, CalendarSpec
from incidents.sla.documents import RuleSpec, SLADocument, default_document
from incidents.testing.bench.events import TABLES, make_policy
from tracker.access import Actor
from tracker.testing.bench import Bench, Finding, at_least, at_most

MOST_SECONDS = 20
SECONDS_A_SLICE = 2.0
EVENTS_EACH = 3
# Three days of tickets, each with a course of up to three events: new, then taken on, then one in three waiting.
TICKETS = """
INSERT INTO incidents_ticket (id, external_id, priority, customer_tier, status, category, title, description, url,
  sender_assignee, attributes, created_at, updated_at, received_at, is_open, has_sla, replay_requested_at)
SELECT n, 'CASE-' || n, (ARRAY['low', 'medium', 'high', 'critical'])[1 + n %% 4],
  (ARRAY['gold', 'silver', 'bronze'])[1 + n %% 3], 'open', 'active', '', '', '', '', '{}', at, at, at, true, true, now()
  FROM generate_series(1, %(tickets)s) n, LATERAL (SELECT now() - n * interval '2.5 seconds' AS at) moments
"""
EVENTS = """
INSERT INTO incidents_ticketevent (ticket_id, fingerprint, updated_at, sequence, created_at, priority, customer_tier,
  status, received_at)
SELECT t.id, decode(md5(t.id || '-' || k), 'hex'), t.created_at + k * interval '40 minutes', k, t.created_at,
  t.priority, t.customer_tier,
  (ARRAY['new', 'in progress', CASE WHEN t.id %% 3 = 0 THEN 'waiting' ELSE 'in progress' END])[k + 1], now()
  FROM incidents_ticket t, generate_series(0, %(last)s) k
 WHERE k = 0 OR t.created_at + k * interval '40 minutes' < now()
"""


def measure_preview(bench: Bench) -> Iterator[Finding]:
    """From the asking to the result, in slices as the sweep works. Each ticket is replayed four times: as it is, under
    both ways of publishing that move open tickets, and for the back-test."""
    make_policy()
    tickets = bench.pick(5_000, 100_000)
    fill(bench, tickets)
    seconds, saves = time_preview()
    rate = f"{tickets / seconds:,.0f} tickets/s"
    yield at_most(
        f"preview of a policy over {tickets:,} open tickets",
        seconds,
        bench.pick(4, MOST_SECONDS),
        unit="s",
        measured=rate,
    )
    if bench.is_full:
        yield at_least("times that progress was told", saves, 2)


def fill(bench: Bench, tickets: int) -> None:
    """Open tickets of up to three events each, and their clocks."""
    bench.empty(*TABLES)
    bench.execute(TICKETS, {"tickets": tickets})
    bench.execute(EVENTS, {"last": EVENTS_EACH - 1})
    replay_requested()
    for table in TABLES:
        bench.execute(f"VACUUM ANALYZE {table}")


def time_preview() -> tuple[float, int]:
    """Seconds that a preview takes in slices of two, and how many times it said in between how far it is."""
    trial = request_trial(actor=Actor.system("bench"), document=make_change())
    started, seen = time.perf_counter(), set[int]()
    while not run_waiting_trials(max_seconds=SECONDS_A_SLICE):
        seen.add(PolicyTrial.objects.values_list("progress_done", flat=True).get(pk=trial.pk))
    seconds = time.perf_counter() - started
    trial.refresh_from_db()
    if trial.result is None:
        raise RuntimeError(f"The preview failed: {trial.error}")
    return seconds, len(seen)


def make_change() -> SLADocument:
    """The built-in policy, half as long for gold and in office hours for silver."""
    document = default_document()
    office = CalendarSpec("office", "Europe/Berlin", {day: [("09:00", "17:00")] for day in DAYS[:5]}, "DE")
    return replace(
        document,
        rules=tuple(change_rule(rule) for rule in document.rules),
        calendars={**document.calendars, office.name: office},
    )


def change_rule(rule: RuleSpec) -> RuleSpec:
    """One promise as the change has it."""
    if rule.tier == "gold":
        return replace(rule, resolution_minutes=(rule.resolution_minutes or 0) // 2)
    return replace(rule, calendar="office") if rule.tier == "silver" else rule
