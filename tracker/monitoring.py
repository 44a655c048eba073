"""What the machinery itself adds to /metrics: the release, living processes, the database's size, disks, the broker."""

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import django
from celery.exceptions import OperationalError
from django.conf import settings
from django.db import connection
from django.db.models import Count
from kombu.exceptions import KombuError
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from redis.exceptions import RedisError

from tracker import gauges, partitions, processes
from tracker.broker import read_broker
from tracker.choices import ProcessKind
from tracker.version import VERSION

BROKER_ERRORS = (OperationalError, KombuError, RedisError, OSError)
SELECT_DATABASE = """
SELECT pg_database_size(current_database()),
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
"""


def read_database() -> tuple[int, int, int]:
    """The database's size in bytes, its connections, and how many the server grants in all."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT_DATABASE)
        size, connections, most = cursor.fetchone()
    return int(size), int(connections), int(most)


def media_path() -> Path:
    """Where uploaded files lie, or the nearest folder above that exists."""
    path = Path(settings.MEDIA_ROOT)
    while not path.exists():
        path = path.parent
    return path


def _collect_build() -> Iterator[Metric]:
    labels = {"version": VERSION, "python": platform.python_version(), "django": django.get_version()}
    build = GaugeMetricFamily("tracker_build_info", "1, with the release of who answers.", labels=list(labels))
    build.add_metric(list(labels.values()), 1)
    yield build


def _collect_processes() -> Iterator[Metric]:
    living = GaugeMetricFamily("tracker_processes", "Living processes.", labels=["kind", "version"])
    counts = processes.living_processes().order_by().values("kind", "release").annotate(number=Count("pk"))
    seen = {(row["kind"], row["release"]): row["number"] for row in counts}
    for kind in ProcessKind.values:
        seen.setdefault((kind, VERSION), 0)
    for (kind, release), number in seen.items():
        living.add_metric([kind, release], number)
    yield living


def _collect_database() -> Iterator[Metric]:
    size, connections, most = read_database()
    bytes_used = GaugeMetricFamily("tracker_database_size_bytes", "Size of the database.")
    bytes_used.add_metric([], size)
    in_use = GaugeMetricFamily("tracker_database_connections", "Connections to the database, everybody's.")
    in_use.add_metric([], connections)
    limit = GaugeMetricFamily("tracker_database_connections_limit", "Connections that the server grants.")
    limit.add_metric([], most)
    yield from (bytes_used, in_use, limit)


def _collect_partitions() -> Iterator[Metric]:
    ahead = GaugeMetricFamily("tracker_partition_months_ahead", "Months to come that have partitions of their own.")
    ahead.add_metric([], partitions.count_months_ahead())
    yield ahead


def _collect_disk() -> Iterator[Metric]:
    usage = shutil.disk_usage(media_path())
    free = GaugeMetricFamily("tracker_disk_free_bytes", "Room left where files are stored.", labels=["place"])
    free.add_metric(["media"], usage.free)
    size = GaugeMetricFamily("tracker_disk_size_bytes", "Size of the disk where files are stored.", labels=["place"])
    size.add_metric(["media"], usage.total)
    yield from (free, size)


def _collect_broker() -> Iterator[Metric]:
    up = GaugeMetricFamily("tracker_broker_up", "1 where the broker answers.")
    waiting = GaugeMetricFamily("tracker_broker_messages", "Messages that wait in the broker.", labels=["queue"])
    try:
        broker = read_broker()
    except BROKER_ERRORS:
        up.add_metric([], 0)
    else:
        up.add_metric([], 1)
        for name, count in broker.messages.items():
            waiting.add_metric([name], count)
    yield from (up, waiting)


for name, collect in (
    ("build", _collect_build),
    ("processes", _collect_processes),
    ("database", _collect_database),
    ("disk", _collect_disk),
    ("partitions", _collect_partitions),
    ("broker", _collect_broker),
):
    gauges.register(name, collect)
