"""P14: a worker's memory after many batches, and that of a whole local run."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psutil

from incidents.testing.bench.events import TABLES, make_events, make_policy, pack
from incidents.testing.bench.ingest_over_http import open_sender
from tracker.testing.bench import Bench, Finding, at_most, workload
from tracker.testing.bench.children import MEBIBYTE, keep_running, read_memory, wait_for_port
from tracker.testing.ports import find_free_ports

SIZE = 100
SETTLING_SECONDS = 8.0
WORKER = ("-m", "celery", "-A", "tracker", "worker", "--concurrency", "2", "--without-gossip", "--without-mingle")
BEAT = ("-m", "celery", "-A", "tracker", "beat", "--pidfile=")


@workload("P14", "memory")
def measure(bench: Bench) -> Iterator[Finding]:
    """Growth may be a tenth at most: what the allocator keeps back is not a leak."""
    make_policy()
    bench.empty(*TABLES)
    few, many = bench.pick(20, 100), bench.pick(100, 1_000)
    bodies = pack(make_events(many * SIZE), SIZE)
    with open_sender() as send:
        after_few = send_and_weigh(send, bodies[:few])
        after_many = send_and_weigh(send, bodies[few:])
    weights = {f"after {few}": f"{after_few:.0f} MiB", f"after {many}": f"{after_many:.0f} MiB"}
    yield at_most(f"web worker after {many:,} batches against {few}", after_many / after_few, 1.1, **weights)
    yield from weigh_local_run()


def send_and_weigh(send: Callable[[bytes], int], bodies: list[bytes]) -> float:
    """Posts batches; answers the server's memory in MiB."""
    for body in bodies:
        send(body)
    workers = [process for process in psutil.Process().children(recursive=True) if "gunicorn" in process.name().lower()]
    workers = workers or psutil.Process().children(recursive=True)
    return max(process.memory_info().rss for process in workers) / MEBIBYTE


def weigh_local_run() -> Iterator[Finding]:
    """Web, worker and beat as `make run` starts them."""
    port = find_free_ports(1)[0]
    with ExitStack() as stack:
        web = stack.enter_context(keep_running([sys.executable, "-m", "gunicorn"], API_PORT=str(port)))
        worker = stack.enter_context(keep_running([sys.executable, *WORKER]))
        beat = stack.enter_context(keep_running([sys.executable, *BEAT]))
        wait_for_port(port)
        time.sleep(SETTLING_SECONDS)
        weights = {name: read_memory(part) for name, part in (("web", web), ("worker", worker), ("beat", beat))}
    figures = {name: f"{weight:.0f} MiB" for name, weight in weights.items()}
    yield at_most("web + worker + beat", sum(weights.values()), 600, unit="MiB", **figures)
