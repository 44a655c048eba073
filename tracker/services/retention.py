"""How long things are kept: the policies, what they would take today, and taking it."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F, QuerySet

from tracker import clock
from tracker.access import Actor, decide, require
from tracker.exceptions import InvalidInput
from tracker.models import RetentionPolicy
from tracker.retention import RetentionKind, all_kinds
from tracker.services.events import log_event

MOST_DAYS = 36_500
PATIENCE = "2s"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one run took: how many rows of a kind, whether all that may go went, and what kept it from it."""

    rows: int
    is_done: bool
    error: str = ""


def visible_policies(actor: Actor) -> QuerySet[RetentionPolicy]:
    """The one rule of who sees how long things are kept."""
    policies = RetentionPolicy.objects.filter(kind__in=all_kinds())
    return policies if decide(actor, "retention", "read").is_for_all_rows else policies.none()


def ensure_policies() -> None:
    """Makes the row of every kind that has none, as Tracker ships it."""
    there = set(RetentionPolicy.objects.values_list("kind", flat=True))
    missing = [kind for kind in all_kinds().values() if kind.key not in there]
    RetentionPolicy.objects.bulk_create(
        [RetentionPolicy(kind=kind.key, keep_days=kind.default_days) for kind in missing], ignore_conflicts=True
    )


@transaction.atomic
def change_policy(*, actor: Actor, policy: RetentionPolicy, keep_days: int | None, is_enabled: bool) -> RetentionPolicy:
    """Says how long one kind is kept from now on; None is for ever.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, retention.update.
        InvalidInput: fewer days than the kind's least, or more than a century.
    """
    require(actor, "retention", "update")
    policy = RetentionPolicy.objects.select_for_update().get(pk=policy.pk)
    least = all_kinds()[policy.kind].least_days
    if keep_days is not None and not least <= keep_days <= MOST_DAYS:
        raise InvalidInput.of_field("keep_days", f"From {least} to {MOST_DAYS} days, or none: for ever.")
    before, after = _facts(policy), {"keep_days": keep_days, "is_enabled": is_enabled}
    if before != after:
        policy.keep_days, policy.is_enabled = keep_days, is_enabled
        policy.save(update_fields=["keep_days", "is_enabled"])
        log_event(actor=actor, verb="retention.updated", obj=policy, before=before, after=after)
    return policy


def horizon_of(policy: RetentionPolicy) -> datetime | None:
    """What is older goes; None where nothing does."""
    if not policy.is_enabled or policy.keep_days is None:
        return None
    return clock.now() - timedelta(days=policy.keep_days)


def count_due(policy: RetentionPolicy, *, most: int) -> int:
    """How many rows would go now, but no more than `most`."""
    horizon = horizon_of(policy)
    return all_kinds()[policy.kind].count(horizon, most) if horizon is not None else 0


def estimate_due(policy: RetentionPolicy, *, most: int) -> int | None:
    """The same for a page: None where counting takes longer than somebody waits."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            count = count_due(policy, most=most)
            # Within a transaction around this one it would last on.
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
            return count
    except OperationalError:
        return None


def prune_by_policy(
    *, actor: Actor, max_seconds: float, tell: Callable[[str, Pruned], None] | None = None
) -> Mapping[str, Pruned]:
    """Deletes what is older than its policy allows, in batches; what is left over is taken by the next run.

    One kind that fails does not keep the others. `tell` hears of each as it ends.
    """
    ensure_policies()
    stop_at, done = time.monotonic() + max_seconds, {}
    for policy in RetentionPolicy.objects.filter(kind__in=all_kinds()).order_by("pk"):
        horizon = horizon_of(policy)
        if horizon is None:
            continue
        done[policy.kind] = _prune(all_kinds()[policy.kind], policy, horizon, stop_at)
        if tell is not None:
            tell(policy.kind, done[policy.kind])
    counts = {kind: result.rows for kind, result in done.items() if result.rows}
    if counts:
        with transaction.atomic():
            log_event(actor=actor, verb="retention.pruned", object_type="retentionpolicy", data={"deleted": counts})
    return done


def _prune(kind: RetentionKind, policy: RetentionPolicy, horizon: datetime, stop_at: float) -> Pruned:
    try:
        rows, is_done = kind.prune(horizon, stop_at)
    except DatabaseError as error:
        logger.exception("Old rows could not be deleted.", extra={"kind": kind.key})
        return Pruned(0, False, type(error).__name__)
    changes = {"pruned_at": clock.now(), "pruned_before": horizon, "pruned_total": F("pruned_total") + rows}
    RetentionPolicy.objects.filter(pk=policy.pk).update(**changes)
    return Pruned(rows, is_done)


def _facts(policy: RetentionPolicy) -> dict[str, object]:
    return {"keep_days": policy.keep_days, "is_enabled": policy.is_enabled}
