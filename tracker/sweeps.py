"""What beat calls in the registry."""

from celery import shared_task

from tracker import heartbeats
from tracker.processes import forget_old_processes
from tracker.services.pruning import prune_registry


@shared_task(name="tracker.sweeps.beat_heart")
def beat_heart() -> None:
    """The canary: that this row is fresh proves beat, broker and worker at once."""
    heartbeats.beat_once(heartbeats.WORKER)


@shared_task(name="tracker.sweeps.prune")
def prune() -> int:
    """Deletes what has served its time; answers how many rows went."""
    with heartbeats.run_sweep("prune") as run:
        run.rows = prune_registry().total + forget_old_processes()
    return run.rows
