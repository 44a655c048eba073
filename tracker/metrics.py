"""What a process measures itself: requests, lost doorbells, open streams. What the database knows is in gauges.py.

gunicorn.conf.py names a directory (PROMETHEUS_MULTIPROC_DIR) before this module is imported; each worker keeps its
figures in files there, and whichever worker is asked adds them up. Without it there is one process, and its memory.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})

# Whichever process starts first: a worker or a command may well come before the web.
if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)

REQUEST_SECONDS = Histogram(
    "tracker_request_duration_seconds",
    "Time to answer, by view, method and class of status; probes are not counted.",
    ["view", "method", "status"],
    buckets=BUCKETS,
)
STARTED_AT = Gauge("tracker_started_seconds", "When the first process started, in Unix time.", multiprocess_mode="min")
DOORBELLS_LOST = Counter(
    "tracker_doorbells_lost_total", "Wake-ups that the broker did not take; a sweep makes up for each.", ["bell"]
)
STREAM_CLIENTS = Gauge(
    "tracker_stream_clients", "Open WebSockets and event streams.", ["kind"], multiprocess_mode="livesum"
)
STREAM_DROPPED = Counter("tracker_stream_dropped_total", "Stream clients that were closed by us.", ["reason"])


def note_start() -> None:
    """This process begins now. A worker says so again: what it got from the process that it was forked from is zero."""
    STARTED_AT.set(time.time())


note_start()


def observe_request(*, view: str, method: str, status: int, seconds: float) -> None:
    """Counts one answered request; unknown methods share one label, so that strangers cannot grow the table."""
    known = method if method in METHODS else "OTHER"
    REQUEST_SECONDS.labels(view, known, f"{status // 100}xx").observe(seconds)


def registry() -> CollectorRegistry:
    """The figures of all web processes together, as they are now."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)
    return everyone


def total_requests(families: Iterable[Metric]) -> int:
    """All requests answered so far, of the families that a registry collects."""
    counts = (
        sample.value
        for family in families
        if family.name == "tracker_request_duration_seconds"
        for sample in family.samples
        if sample.name.endswith("_count")
    )
    return int(sum(counts))


def started_at(families: Iterable[Metric]) -> float:
    """Unix time at which the oldest of the processes began to serve."""
    values = [
        sample.value for family in families if family.name == "tracker_started_seconds" for sample in family.samples
    ]
    return min(values, default=time.time())
