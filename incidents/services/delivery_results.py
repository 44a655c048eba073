"""Writing back how attempts ended: the delivery, its channel's health and, once per channel, word to an operator."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from incidents.channels.base import Dead, Outcome, Retry, Sent, Void
from incidents.choices import ChannelKind, DeliveryStatus, Notice
from incidents.models import Channel, Delivery
from incidents.services.deliveries import log_deliveries, with_clock
from incidents.services.delivery_statements import CHANNEL_HEALTH, FINISH, OVERTAKE
from incidents.services.outbox import SLACK_GAP, Claim
from incidents.tasks import DELIVER, ring
from tracker import clock
from tracker.access import Actor
from tracker.services.events import log_event

# Given up only when both are over: a delivery that stood still with us for days gets its attempts all the same.
KEPT_FOR = timedelta(hours=24)
MIN_ATTEMPTS = 20
SHORT_WAIT_SECONDS = 60.0
LONG_WAIT_SECONDS = 900.0
ACTOR = Actor.system("deliver")


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended."""

    claim: Claim
    outcome: Outcome


def wait_seconds(attempts: int, *, jitter: float) -> float:
    """How long to wait after a failed attempt: 1, 2, 4 … 60 seconds, and from the 21st attempt on up to 15 minutes.

    Args:
        attempts: those made so far, from 1.
        jitter: 0 to 1; the wait is between half and the whole, so that failures of one moment do not return together
            and no receiver sees more than 20 attempts in 5 minutes.
    """
    if attempts <= MIN_ATTEMPTS:
        longest = min(2.0 ** (attempts - 1), SHORT_WAIT_SECONDS)
    else:
        longest = min(SHORT_WAIT_SECONDS * 2.0 ** min(attempts - MIN_ATTEMPTS, 10), LONG_WAIT_SECONDS)
    return longest * (0.5 + 0.5 * jitter)


@transaction.atomic
def finish_deliveries(results: Sequence[Result]) -> int:
    """Writes results whose lease still holds; returns how many deliveries changed. Safe to repeat."""
    rows = [row for result in results for row in _rows(result)]
    with connection.cursor() as cursor:
        cursor.execute(FINISH, with_clock(rows=json.dumps(rows)))
        changed = {pk: (channel_id, status) for pk, channel_id, status in cursor.fetchall()}
        pending = [pk for pk, (_, status) in changed.items() if status == DeliveryStatus.PENDING]
        if pending:
            cursor.execute(OVERTAKE, {"ids": pending})
        if changed:
            health = json.dumps(_health([result for result in results if result.claim.ids[0] in changed]))
            cursor.execute(CHANNEL_HEALTH, with_clock(rows=health))
    for end in (DeliveryStatus.DEAD, DeliveryStatus.CANCELLED):
        ids = [pk for pk, (_, status) in changed.items() if status == end]
        log_deliveries(actor=ACTOR, verb=f"delivery.{end.value}", ids=ids)
    for result in results:
        if _is_last(result) and changed.get(result.claim.ids[0], (0, ""))[1] == DeliveryStatus.DEAD:
            _tell_operators(result)
    return len(changed)


def _is_given_up(result: Result) -> bool:
    if isinstance(result.outcome, Dead):
        return True
    is_over = clock.now() - result.claim.created_at >= KEPT_FOR and result.claim.attempts >= MIN_ATTEMPTS
    return isinstance(result.outcome, Retry) and is_over


def _is_last(result: Result) -> bool:
    """Whether this end says that the channel itself does not work, and not only this message."""
    outcome = result.outcome
    return _is_given_up(result) and (not isinstance(outcome, Dead) or outcome.breaks_channel)


def _rows(result: Result) -> list[dict[str, Any]]:
    outcome = result.outcome
    wait = wait_seconds(result.claim.attempts, jitter=random.random())  # noqa: S311 - spreads load, keeps no secret
    if isinstance(outcome, Retry) and outcome.after_seconds is not None:
        wait = max(outcome.after_seconds, 1.0) + wait * 0.1
    row = {
        "lease": str(result.claim.lease),
        "is_sent": isinstance(outcome, Sent),
        "is_dead": _is_given_up(result),
        "is_void": isinstance(outcome, Void),
        "wait_seconds": wait,
        "response_status": outcome.status,
        "reason": "" if isinstance(outcome, Sent) else outcome.reason[:300],
    }
    return [{"id": pk, **row} for pk in result.claim.ids]


def _health(results: Sequence[Result]) -> list[dict[str, Any]]:
    """What these results say of each channel. One that took anything is healthy; a message that it refuses for its
    content says nothing against it."""
    channels: dict[int, dict[str, Any]] = {}
    for result in results:
        outcome, channel = result.outcome, result.claim.channel
        row = channels.setdefault(
            channel.id, {"id": channel.id, "is_healthy": False, "failures": 0, "reason": "", "hold_seconds": None}
        )
        hold = SLACK_GAP.total_seconds() if channel.kind == ChannelKind.SLACK else None
        match outcome:
            case Sent():
                row["is_healthy"] = True
            case Retry(reason=reason, after_seconds=after_seconds):
                row |= {"failures": row["failures"] + 1, "reason": reason[:300]}
                hold = max(hold or 0.0, after_seconds) if after_seconds is not None else hold
            case Dead(reason=reason, breaks_channel=True):
                row |= {"failures": row["failures"] + 1, "reason": reason[:300]}
        if hold is not None:
            row["hold_seconds"] = max(row["hold_seconds"] or 0.0, hold)
    return [channels[pk] for pk in sorted(channels)]


def _tell_operators(result: Result) -> None:
    """Says once, over the channels that work, that this one does not; again only after it has worked in between."""
    now = clock.now()
    broken = result.claim.channel
    if not Channel.objects.filter(pk=broken.id, broken_at=None).update(broken_at=now):
        return
    reason = "" if isinstance(result.outcome, Sent) else result.outcome.reason
    log_event(
        actor=ACTOR,
        verb="channel.broken",
        object_type="channel",
        object_id=str(broken.id),
        data={"channel": broken.name, "reason": reason},
    )
    payload = {
        "headline": f"Channel {broken.name} does not work",
        "text": f"Messages no longer reach {broken.name}: {reason}. Mend it, then try its dead deliveries again.",
    }
    others = Channel.objects.filter(Q(muted_until=None) | Q(muted_until__lte=now))
    others = others.filter(is_enabled=True, deleted_at=None, broken_at=None).exclude(kind=ChannelKind.PERSON)
    Delivery.objects.bulk_create(
        Delivery(channel=other, notice=Notice.DEAD_LETTER, payload=payload, created_at=now, next_attempt_at=now)
        for other in others
    )
    ring(DELIVER)
