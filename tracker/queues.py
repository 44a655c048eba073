"""Work that waits in PostgreSQL, by queue: how long the oldest piece of due work has waited says whether there are
enough workers. Each package registers its own; /metrics, the System page and the line in the log read them here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from tracker import clock, gauges


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work that waits. `sweep` is who does it; `read_age` answers in seconds, 0 where nothing is due.

    One that `is_held_back` has a limit for all workers together, so that more of them would not shorten it.
    """

    name: str
    words: str
    sweep: str
    read_age: Callable[[], float]
    is_held_back: bool = False


_queues: dict[str, Queue] = {}


def register(*queues: Queue) -> None:
    """Adds a package's queues."""
    _queues.update({queue.name: queue for queue in queues})


def registered_queues() -> tuple[Queue, ...]:
    """Every queue, by name."""
    return tuple(_queues[name] for name in sorted(_queues))


def read_ages() -> dict[str, float]:
    """How long the oldest piece of due work of each queue has waited, in seconds."""
    return {queue.name: queue.read_age() for queue in registered_queues()}


def oldest_age(ages: Mapping[str, float]) -> float:
    """The longest wait among those ages that more workers would shorten."""
    return max((ages.get(queue.name, 0.0) for queue in registered_queues() if not queue.is_held_back), default=0.0)


def age_of_first(rows: QuerySet[Any], column: str) -> float:
    """How long ago the first of these ordered rows fell due by `column`; 0 where none has."""
    oldest: datetime | None = rows.values_list(column, flat=True).first()
    return max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0


def _collect() -> Iterator[Metric]:
    age = GaugeMetricFamily("tracker_queue_age_seconds", "Wait of the oldest piece of due work.", labels=["queue"])
    for name, seconds in read_ages().items():
        age.add_metric([name], seconds)
    yield age


gauges.register("queues", _collect)
