"""Part of P5: the outbox, from claim to finish, against a bare table queue that takes and ends the same rows."""

from collections.abc import Iterator
from typing import Any

import psycopg

from incidents.channels.base import Sent
from incidents.services.delivery_results import Result, finish_deliveries
from incidents.services.outbox import claim_deliveries
from incidents.testing.bench.events import TABLES, make_policy
from incidents.testing.bench.sweeping import CLOCKS, TICKETS
from tracker.testing.bench import Bench, Finding, alternate, at_least
from tracker.testing.bench.rounds import time_call

CHANNELS = 20
TAKEN_AT_ONCE = 100
MAKE_CHANNELS = """
INSERT INTO incidents_channel (name, kind, url, secret, filters, is_enabled, consecutive_failures, last_error,
  created_at)
SELECT 'bench ' || n, 'webhook', 'https://example.com/hook/' || n, '', '{}', true, 0, '', now()
  FROM generate_series(1, %s) n
"""
ALERTS = """
INSERT INTO incidents_alert (clock_id, ticket_id, kind, cycle, percent, sla_state, level, channels, state, round,
  crossed_at, fired_at, details)
SELECT id, ticket_id, kind, cycle, 85, 'alert', 1, '[]', 'firing', 1, now(), now(),
  '{"elapsed_minutes": 153, "target_minutes": 180, "percent_used": 85}' FROM incidents_clock
"""
# As many a channel as are sent one by one; more would be folded into digests.
DELIVERIES = """
INSERT INTO incidents_delivery (alert_id, channel_id, notice, round, key, status, attempts, next_attempt_at,
  last_error, created_at)
SELECT a.id, c.id, 'fired', 1, gen_random_uuid(), 'pending', 0, now(), '', now()
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM incidents_alert) a
  JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM incidents_channel) c ON a.place %% %s = c.place - 1
"""
RAW_CLAIM = """
UPDATE incidents_delivery SET status = 'leased', lease = gen_random_uuid(), leased_until = now() + interval '30 s',
  attempts = attempts + 1, next_attempt_at = now() + interval '30 s'
 WHERE id IN (SELECT id FROM incidents_delivery WHERE status IN ('leased', 'pending') AND next_attempt_at <= now()
               ORDER BY next_attempt_at, id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING id, key, alert_id, channel_id
"""
RAW_FINISH = """
UPDATE incidents_delivery SET status = 'sent', sent_at = now(), response_status = 200, next_attempt_at = NULL,
  lease = NULL, leased_until = NULL WHERE id = ANY(%s)
"""


def measure_single_deliveries(bench: Bench) -> Iterator[Finding]:
    """Both sides take 100 at a time where they can; ours also knows channels, reads what to tell and composes it."""
    make_policy()
    count = CHANNELS * bench.pick(20, 50)

    def fill() -> None:
        bench.empty(*TABLES, "incidents_channel")
        bench.execute(TICKETS, [count])
        bench.execute(CLOCKS, [count])
        bench.execute(ALERTS)
        bench.execute(MAKE_CHANNELS, [CHANNELS])
        bench.execute(DELIVERIES, [CHANNELS])
        bench.execute("VACUUM ANALYZE incidents_delivery")

    def ours() -> float:
        fill()
        return time_call(send_nothing)

    with bench.raw_connection() as raw:

        def bare() -> float:
            fill()
            return time_call(lambda: drain(raw))

        seconds = alternate({"ours": ours, "raw": bare}, bench.pick(2, 5))
    rates = {side: f"{count / taken:,.0f} deliveries/s" for side, taken in seconds.items()}
    yield at_least(f"{count:,} deliveries to {CHANNELS} channels", seconds["raw"] / seconds["ours"], 0.8, **rates)
    bench.empty(*TABLES, "incidents_channel")


def send_nothing() -> None:
    """Every claim ends as sent."""
    while claims := claim_deliveries(limit=TAKEN_AT_ONCE):
        finish_deliveries([Result(claim, Sent(200)) for claim in claims])


def drain(raw: "psycopg.Connection[tuple[Any, ...]]") -> None:
    """The same by two statements a batch."""
    while True:
        with raw.transaction():
            taken = raw.execute(RAW_CLAIM, [TAKEN_AT_ONCE]).fetchall()
        if not taken:
            return
        with raw.transaction():
            raw.execute(RAW_FINISH, [[row[0] for row in taken]])
