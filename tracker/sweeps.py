"""What beat calls in the registry."""

import logging
from contextlib import suppress

from celery import shared_task
from django.conf import settings

from tracker import heartbeats, queues
from tracker.access import Actor
from tracker.exceptions import Conflict
from tracker.processes import forget_old_processes
from tracker.services.anonymising import finish_anonymising
from tracker.services.backups import make_backup
from tracker.services.dead_man import call_home as call_heartbeat_url
from tracker.services.partitions import analyse_tables, create_partitions
from tracker.services.pruning import prune_registry
from tracker.services.retention import prune_by_policy

# Searching every text of a large installation takes minutes.
LONG_SOFT_LIMIT_SECONDS = 25 * 60
logger = logging.getLogger(__name__)


# The largest databases take hours to read; a second message finds the folder taken.
BACKUP_SOFT_LIMIT_SECONDS = 6 * 3600


@shared_task(name="tracker.sweeps.beat_heart")
def beat_heart() -> None:
    """The canary: that this row is fresh proves beat, broker and worker at once."""
    heartbeats.beat_once(heartbeats.WORKER)


@shared_task(name="tracker.sweeps.call_home")
def call_home() -> int:
    """Calls HEARTBEAT_URL while all is well; answers whether it did."""
    with heartbeats.run_sweep("call_home") as run:
        run.rows = int(call_heartbeat_url())
    return run.rows


@shared_task(name="tracker.sweeps.log_queue_ages")
def log_queue_ages() -> None:
    """Writes one line that says how long due work has waited; whoever starts workers by the log reads it there."""
    with heartbeats.run_sweep("log_queue_ages"):
        ages = queues.read_ages()
        rounded = {name: round(seconds, 1) for name, seconds in ages.items()}
        logger.info("queue_ages", extra={"oldest_seconds": round(queues.oldest_age(ages), 1), "queues": rounded})


@shared_task(
    name="tracker.sweeps.prune", soft_time_limit=LONG_SOFT_LIMIT_SECONDS, time_limit=LONG_SOFT_LIMIT_SECONDS + 30
)
def prune() -> int:
    """Deletes what has served its time; answers how many rows went."""
    with heartbeats.run_sweep("prune") as run:
        run.rows = prune_registry().total + forget_old_processes()
        pruned = prune_by_policy(actor=Actor.system("prune"), max_seconds=LONG_SOFT_LIMIT_SECONDS / 2)
        run.rows += sum(result.rows for result in pruned.values())
    return run.rows


@shared_task(
    name="tracker.sweeps.anonymise", soft_time_limit=LONG_SOFT_LIMIT_SECONDS, time_limit=LONG_SOFT_LIMIT_SECONDS + 30
)
def anonymise() -> int:
    """Goes on making nobody of the people whom an admin named; answers how many are."""
    with heartbeats.run_sweep("anonymise") as run:
        run.rows = finish_anonymising(max_seconds=LONG_SOFT_LIMIT_SECONDS / 2)
    return run.rows


@shared_task(
    name="tracker.sweeps.back_up", soft_time_limit=BACKUP_SOFT_LIMIT_SECONDS, time_limit=BACKUP_SOFT_LIMIT_SECONDS + 60
)
def back_up() -> int:
    """Makes a backup where BACKUP_DIRECTORY says whereto; answers how many."""
    with heartbeats.run_sweep("back_up") as run, suppress(Conflict):
        if settings.BACKUP_DIRECTORY:
            make_backup(actor=Actor.system("back_up"), directory=settings.BACKUP_DIRECTORY)
            run.rows = 1
    return run.rows


@shared_task(name="tracker.sweeps.create_partitions")
def make_partitions() -> int:
    """Makes the months that are missing, and lets the planner know what is there; answers how many were made."""
    with heartbeats.run_sweep("create_partitions") as run:
        run.rows = create_partitions(actor=Actor.system("create_partitions"))
        analyse_tables()
    return run.rows
