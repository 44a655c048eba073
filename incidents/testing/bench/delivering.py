"""P5: from the deadline to the receiver, and the outbox without the network against a bare table as queue."""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from incidents.channels.base import Sent
from incidents.models import Channel
from incidents.services.alerts import sweep_due_clocks
from incidents.services.delivery_results import Result, finish_deliveries
from incidents.services.outbox import claim_deliveries
from incidents.services.sending import MAX_IN_FLIGHT
from incidents.testing.bench.events import make_policy
from incidents.testing.bench.outbox import measure_single_deliveries
from incidents.testing.bench.sweeping import fill, make_due
from tracker.models import SweepHeartbeat
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, workload
from tracker.testing.bench.children import keep_running, wait_for_port
from tracker.testing.bench.rounds import time_call
from tracker.testing.ports import find_free_ports

RAW_BATCH = 100
# Both sides begin from the same rows: what the sweep wrote.
RESET = """
UPDATE incidents_delivery SET status = 'pending', attempts = 0, lease = NULL, leased_until = NULL, sent_at = NULL,
  digest_of_id = NULL, next_attempt_at = now() - interval '1 second'
"""
RAW_CLAIM = """
UPDATE incidents_delivery SET status = 'leased', attempts = attempts + 1, lease = gen_random_uuid(),
  leased_until = now() + interval '30 seconds', next_attempt_at = now() + interval '30 seconds'
 WHERE id IN (SELECT id FROM incidents_delivery WHERE status = 'pending' AND next_attempt_at <= now()
               ORDER BY next_attempt_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, key
"""
RAW_FINISH = """
UPDATE incidents_delivery SET status = 'sent', sent_at = now(), lease = NULL, leased_until = NULL,
  next_attempt_at = NULL, response_status = 200 WHERE id = ANY(%s)
"""
UNSENT = "SELECT count(*) FROM incidents_delivery WHERE status IN ('pending', 'leased')"
READY = "bench worker"
WORKER = f"""
import time, django
django.setup()
from incidents.services.sending import deliver_due
from tracker.heartbeats import beat_once
deliver_due()
beat_once({READY!r})
while True:
    deliver_due()
    time.sleep(0.01)
"""


@workload("P5", "from the deadline to the receiver")
def measure(bench: Bench) -> Iterator[Finding]:
    """10,000 deadlines pass at once; one webhook hears of them."""
    make_policy()
    SweepHeartbeat.objects.filter(name=READY).delete()
    due = bench.pick(1_000, 10_000)
    fill(bench, due)
    yield measure_end_to_end(bench, due)
    yield measure_outbox(bench, due)
    yield from measure_single_deliveries(bench)


def measure_end_to_end(bench: Bench, due: int) -> Finding:
    """From the start of the sweep to each arrival at a receiver in another process. A worker beside the sweep sends
    what each of its batches commits, as the doorbell has it."""
    port = find_free_ports(1)[0]
    make_channels(f"http://127.0.0.1:{port}/webhook/ok", 1)
    stub = [sys.executable, "manage.py", "stub_receiver", "--port", str(port)]
    with keep_running(stub), keep_running([sys.executable, "-c", WORKER]):
        wait_for_port(port)
        while not SweepHeartbeat.objects.filter(name=READY).exists():
            time.sleep(0.05)
        make_due(bench, due)
        started = time.time()
        sweep_due_clocks()
        swept = time.time()
        while bench.execute(UNSENT)[0][0]:
            time.sleep(0.05)
        arrivals = sorted(read_arrivals(port))
    if len(arrivals) != due:
        raise RuntimeError(f"{len(arrivals)} of {due} notices arrived.")
    return at_most(
        f"{due:,} due at once, p99 after the sweep began",
        arrivals[int(len(arrivals) * 0.99)] - started,
        2.0,
        unit=" s",
        sweep=f"{swept - started:.2f} s",
        last=f"{arrivals[-1] - started:.2f} s",
    )


def measure_outbox(bench: Bench, due: int) -> Finding:
    """Claim and finish, without sending; ours also reads what there would be to tell."""
    make_channels("http://127.0.0.1:9/webhook/ok", 4)
    make_due(bench, due)
    sweep_due_clocks()
    deliveries = due * 4

    def reset() -> None:
        bench.execute(RESET)
        bench.execute("VACUUM ANALYZE incidents_delivery")
        bench.execute("CHECKPOINT")

    def ours() -> float:
        reset()
        return time_call(drain)

    with bench.raw_connection() as raw:

        def bare() -> float:
            reset()
            return time_call(lambda: drain_raw(raw))

        seconds = alternate({"ours": ours, "raw": bare}, bench.pick(1, 5))
    rates = {name: f"{deliveries / taken:,.0f} deliveries/s" for name, taken in seconds.items()}
    return at_least(
        f"{deliveries:,} deliveries in digests, claim to finish",
        seconds["raw"] / seconds["ours"],
        0.8,
        **rates,
    )


def drain() -> None:
    """Takes everything from the outbox as the pump would, every attempt a success."""
    while claims := claim_deliveries(limit=MAX_IN_FLIGHT):
        finish_deliveries([Result(claim, Sent(200)) for claim in claims])


def drain_raw(raw: "psycopg.Connection[tuple[Any, ...]]") -> None:
    """A table as queue, in the usual way."""
    while True:
        with raw.transaction():
            ids = [row[0] for row in raw.execute(RAW_CLAIM, [RAW_BATCH]).fetchall()]
        if not ids:
            return
        with raw.transaction():
            raw.execute(RAW_FINISH, [ids])


def make_channels(url: str, count: int) -> None:
    """So many webhooks and no others."""
    Channel.objects.all().delete()
    Channel.objects.bulk_create(Channel(name=f"bench {n}", kind="webhook", url=url) for n in range(count))


def read_arrivals(port: int) -> Iterator[float]:
    """When each notice arrived, in seconds since the epoch."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/requests.json", timeout=30) as answer:
        requests = json.load(answer)["requests"]
    for request in requests:
        moment = datetime.fromisoformat(request["at"]).timestamp()
        yield from [moment] * len(json.loads(request["body"])["notices"])
