"""Working trials out: in slices under a lease, so that a worker that dies costs seconds, and several share them."""

import logging
import math
import time
import uuid
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from incidents.choices import UNFINISHED_TRIALS, TrialState
from incidents.models import PolicyTrial
from incidents.services.policy_trials import is_based_on_newest
from incidents.services.trial_books import Books
from incidents.services.trial_work import TrialWork, begin_work, work_on
from incidents.tasks import RUN_TRIALS, ring
from tracker import clock
from tracker.exceptions import DomainError
from tracker.heartbeats import describe_error

LEASE_TERM = timedelta(seconds=60)
SECONDS_BETWEEN_SAVES = 1.0
# Of a slice that never came to save anything; each save is a new start.
MOST_ATTEMPTS = 3
KEPT_FOR = timedelta(days=90)
NOBODY_CAME_BACK = "Given up: whoever worked on it did not come back."
POLICY_CHANGED = "The policy was changed meanwhile. Preview again."

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The trial is gone, or in other hands."""


def run_waiting_trials(*, max_seconds: float = math.inf) -> int:
    """Works out the trials that wait, the oldest first; how many ended. After `max_seconds` the rest is rung for."""
    ends_at = time.monotonic() + max_seconds
    ended = 0
    PolicyTrial.objects.filter(created_at__lt=clock.now() - KEPT_FOR, published_as=None).delete()
    while (trial := _claim()) is not None:
        ended += _work_off(trial, ends_at)
        if time.monotonic() > ends_at:
            ring(RUN_TRIALS)
            break
    return ended


@transaction.atomic
def _claim() -> PolicyTrial | None:
    """The oldest trial that nobody holds, under a lease of ours."""
    now = clock.now()
    is_free = Q(leased_until=None) | Q(leased_until__lte=now)
    free = PolicyTrial.objects.filter(is_free, state__in=UNFINISHED_TRIALS).order_by("pk")
    trial = free.select_for_update(skip_locked=True).first()
    if trial is None:
        return None
    trial.lease, trial.leased_until, trial.state = uuid.uuid4(), now + LEASE_TERM, TrialState.RUNNING
    trial.started_at = trial.started_at or now
    trial.attempts += 1
    trial.save(update_fields=["lease", "leased_until", "state", "started_at", "attempts"])
    return trial


def _work_off(trial: PolicyTrial, ends_at: float) -> bool:
    """One slice; whether the trial has ended with it."""
    try:
        if trial.attempts > MOST_ATTEMPTS:
            return _end(trial, TrialState.FAILED, error=NOBODY_CAME_BACK)
        if not is_based_on_newest(trial):
            return _end(trial, TrialState.FAILED, error=POLICY_CHANGED)
        work = _work_until(trial, ends_at)
        if work is None:
            return False
        return _end(trial, TrialState.READY, result=work.render(), **_progress(work))
    except LeaseLost:
        return False
    except (OperationalError, InterfaceError):
        # The database is away: nothing could be written down either, and the lease ends by itself.
        raise
    except DomainError as error:
        return _end_quietly(trial, error.message)
    except Exception as error:
        logger.exception("A preview broke.", extra={"operation": "run_trials"})
        return _end_quietly(trial, f"Internal error: {describe_error(error)}")


def _work_until(trial: PolicyTrial, ends_at: float) -> TrialWork | None:
    """Goes on where the last slice stopped; None where the time is over and the rest is another slice's."""
    work = TrialWork.load(trial.work) if trial.work is not None else begin_work(trial)
    books = Books(trial, work.moment)
    saved_at = -math.inf
    while work_on(work, books):
        if time.monotonic() > ends_at:
            _save(trial, work, lease=None, leased_until=None)
            return None
        if time.monotonic() > saved_at + SECONDS_BETWEEN_SAVES:
            _save(trial, work, leased_until=clock.now() + LEASE_TERM)
            saved_at = time.monotonic()
    return work


def _save(trial: PolicyTrial, work: TrialWork, **changes: Any) -> None:
    _change(trial, work=work.dump(), attempts=0, **_progress(work), **changes)


def _progress(work: TrialWork) -> dict[str, int]:
    return {"progress_done": work.done, "progress_total": work.total}


def _end(trial: PolicyTrial, state: TrialState, **changes: Any) -> bool:
    ending = {"work": None, "lease": None, "leased_until": None, "finished_at": clock.now()}
    _change(trial, state=state, **ending, **changes)
    return True


def _end_quietly(trial: PolicyTrial, reason: str) -> bool:
    try:
        return _end(trial, TrialState.FAILED, error=reason[:500])
    except LeaseLost:
        return False


def _change(trial: PolicyTrial, **changes: Any) -> None:
    """Under our lease alone: who took too long finds the trial in other hands and changes nothing."""
    if not PolicyTrial.objects.filter(pk=trial.pk, lease=trial.lease).update(**changes):
        raise LeaseLost
