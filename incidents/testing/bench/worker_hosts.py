"""P18: workers on 1, 2 and 4 hosts of their own, sharing one PostgreSQL and one Valkey over the network."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import psycopg
from redis import Redis, RedisError

from incidents.testing.bench.hosts import NETWORK, Hosts, can_make_hosts
from incidents.testing.bench.sweeping import CLOCKS, MAKE_DUE, TICKETS
from tracker.embedded import Postgres, Valkey
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, workload
from tracker.testing.bench.children import keep_running, run_child, wait_for_port
from tracker.testing.ports import find_free_ports

HOSTS = (1, 2, 4)
CHANNELS = 40
# How long a receiver takes: what keeps a worker waiting is the network, not the processor.
ANSWER_SECONDS = 0.5
PREPARE = """
from incidents.models import Channel
from incidents.testing.bench.events import make_policy
make_policy()
Channel.objects.all().delete()
Channel.objects.bulk_create(
    Channel(name=f"bench {{n}}", kind="webhook", url="http://198.18.1.1:{port}/webhook/slow?n={{n}}&seconds={seconds}")
    for n in range({channels})
)
"""
CLEAR = "TRUNCATE incidents_alert, incidents_delivery, tracker_event CASCADE"
SENT = "SELECT count(*) FROM incidents_delivery WHERE status = 'sent'"
TAKEN = """
SELECT extract(epoch FROM max(d.sent_at) - min(a.fired_at)), sum(d.attempts) - count(*)
  FROM incidents_delivery d JOIN incidents_alert a ON a.id = d.alert_id
"""
MOST_SECONDS = 180
PROGRAM = (sys.executable, "-m", "celery", "--quiet", "-A", "tracker")
WORKER = (*PROGRAM, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "-l", "WARNING")


@workload("P18", "workers on 1, 2 and 4 hosts that share one PostgreSQL and one Valkey")
def measure(bench: Bench) -> Iterator[Finding]:
    """Deadlines pass at once, each is told to 40 webhooks that take half a second; all runs on the real programs."""
    if not can_make_hosts():
        bench.say("P18 needs Linux, root and iproute2: it is left out.")
        return
    due = bench.pick(25, 50)
    with Hosts(max(HOSTS)) as hosts, _start_services(hosts) as services:
        services.prepare(due)
        runs = {f"{count} hosts": partial(services.time_hosts, count, due) for count in HOSTS}
        seconds = alternate(runs, bench.pick(1, 3))
    figures = {name: f"{due * CHANNELS / taken:,.0f} deliveries/s" for name, taken in seconds.items()}
    one, two, four = seconds.values()
    yield at_least("two hosts against one", one / two, 1.5, **figures)
    yield at_least("four hosts against one", one / four, 2.5, **figures)
    yield at_most("deliveries attempted more than once", services.repeated, 0, unit="")


class Services:
    """What the hosts share, and what is asked of them."""

    def __init__(self, hosts: Hosts, url: str, broker: str, *, receiver_port: int, valkey_port: int) -> None:
        self.hosts, self.url, self.broker = hosts, url, broker
        self.receiver_port, self.valkey_port = receiver_port, valkey_port
        self.repeated = 0

    def environment(self, number: int) -> dict[str, str]:
        """How a host finds everything."""
        gateway = self.hosts.gateway(number)
        return {
            "DATABASE_URL": f"postgresql://postgres@{gateway}:5432/tracker",
            "REDIS_URL": f"redis://{gateway}:{self.valkey_port}/0",
            "OUTGOING_ALLOWED_NETWORKS": NETWORK,
            "SCHEDULER_INTERVAL_MINUTES": "0.05",
        }

    def prepare(self, due: int) -> None:
        """The schema, a policy, channels, and so many tickets."""
        run_child(["prepare"], **self.environment(1))
        code = PREPARE.format(port=self.receiver_port, seconds=ANSWER_SECONDS, channels=CHANNELS)
        run_child(["shell", "-c", code], **self.environment(1))
        with psycopg.connect(self.url, autocommit=True) as raw:
            raw.execute(TICKETS, [due])
            raw.execute(CLOCKS, [due])
            raw.execute("VACUUM ANALYZE")

    def time_hosts(self, count: int, due: int) -> float:
        """Seconds from the first alert until the last receiver has been told."""
        with psycopg.connect(self.url, autocommit=True) as raw, ExitStack() as running:
            raw.execute(CLEAR)
            for number in range(1, count + 1):
                running.enter_context(
                    keep_running(
                        [*self.hosts.run_on(number), *WORKER, "-n", f"host{number}"], **self.environment(number)
                    )
                )
            self._wait_for_workers(count)
            beat = [*self.hosts.run_on(1), *PROGRAM, "beat", "--pidfile=", "-l", "WARNING"]
            running.enter_context(keep_running(beat, **self.environment(1)))
            raw.execute(MAKE_DUE, [due])
            deadline = time.monotonic() + MOST_SECONDS
            while raw.execute(SENT).fetchall()[0][0] < due * CHANNELS:
                if time.monotonic() > deadline:
                    raise TimeoutError("The receivers have not all been told.")
                time.sleep(0.1)
            seconds, repeated = raw.execute(TAKEN).fetchall()[0]
            self.repeated += repeated
        return float(seconds)

    def _wait_for_workers(self, count: int) -> None:
        """A worker listens once it is among the readers of its queue's fanout."""
        deadline = time.monotonic() + 60
        with Redis.from_url(self.broker) as client:
            while time.monotonic() < deadline:
                if client.scard("tracker:_kombu.binding.celery.pidbox") >= count:
                    return
                time.sleep(0.1)
        raise TimeoutError(f"Fewer than {count} workers are there.")


@contextmanager
def _start_services(hosts: Hosts) -> Iterator[Services]:
    addresses = [hosts.gateway(number) for number in hosts.numbers]
    port, valkey_port = find_free_ports(2)
    stub = [sys.executable, "manage.py", "stub_receiver", "--host", addresses[0], "--port", str(port)]
    with tempfile.TemporaryDirectory(prefix="tracker-hosts-", ignore_cleanup_errors=True) as folder, keep_running(stub):
        postgres, valkey = Postgres(Path(folder) / "postgres"), Valkey(Path(folder) / "valkey")
        try:
            _listen(postgres, addresses)
            valkey.start()
            with Redis.from_url(valkey.url()) as client:
                client.config_set("protected-mode", "no")
                client.config_set("bind", " ".join(addresses))
                client.config_set("port", valkey_port)
            wait_for_port(port, addresses[0])
            yield Services(hosts, postgres.url(), valkey.url(), receiver_port=port, valkey_port=valkey_port)
        finally:
            postgres.stop("immediate")
            # Its name on the list of processes is another one since it has a port.
            with contextlib.suppress(RedisError, OSError), Redis.from_url(valkey.url()) as client:
                client.shutdown(nosave=True)


def _listen(postgres: Postgres, addresses: Sequence[str]) -> None:
    postgres.start()
    with psycopg.connect(postgres.url(), autocommit=True) as raw:
        raw.execute(f"ALTER SYSTEM SET listen_addresses = '{','.join(addresses)}'".encode())
    with (postgres.directory / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {NETWORK} trust\n")
    postgres.stop()
    postgres.start()
