"""What issues, incidents and tickets leave behind that is kept for a time only."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from incidents.choices import LIVE_ALERT_STATES, UNFINISHED_TRIALS, DeliveryStatus
from incidents.models import Delivery, HookCall, PolicyTrial
from tracker.retention import RetentionKind, declare, keep_lines
from tracker.services.batches import count_up_to, delete_in_batches

ENDED = (DeliveryStatus.SENT, DeliveryStatus.DEAD, DeliveryStatus.CANCELLED)
# Bodies of calls are large.
CALLS_AT_ONCE = 500


def _deliveries(before: datetime) -> QuerySet[Any]:
    """Ended ones of alerts that are over: a live alert must know what it told whom. A digest goes after its parts."""
    parts = Delivery.objects.filter(digest_of=OuterRef("pk"))
    is_over = Q(alert=None) | ~Q(alert__state__in=LIVE_ALERT_STATES)
    return Delivery.objects.filter(is_over, ~Exists(parts), status__in=ENDED, created_at__lt=before)


def _calls(before: datetime) -> QuerySet[Any]:
    return HookCall.objects.filter(received_at__lt=before)


def _previews(before: datetime) -> QuerySet[Any]:
    return PolicyTrial.objects.exclude(state__in=UNFINISHED_TRIALS).filter(finished_at__lt=before)


def _prune_deliveries(before: datetime, stop_at: float) -> tuple[int, bool]:
    parts, _ = delete_in_batches(_deliveries(before), stop_at=stop_at)
    wholes, is_done = delete_in_batches(_deliveries(before), stop_at=stop_at)
    return parts + wholes, is_done


declare(
    RetentionKind(
        "deliveries",
        "Deliveries",
        "Sent, dead and cancelled ones, letters among them, once their alert is over.",
        default_days=180,
        least_days=30,
        count=lambda before, most: count_up_to(_deliveries(before), most),
        prune=_prune_deliveries,
    ),
    RetentionKind(
        "hook_calls",
        "Calls of hooks",
        "As they came. What they became stays.",
        default_days=30,
        least_days=7,
        count=lambda before, most: count_up_to(_calls(before), most),
        prune=lambda before, stop_at: delete_in_batches(_calls(before), stop_at=stop_at, batch_rows=CALLS_AT_ONCE),
    ),
    RetentionKind(
        "previews",
        "SLA previews",
        "Finished ones.",
        default_days=365,
        least_days=30,
        count=lambda before, most: count_up_to(_previews(before), most),
        prune=lambda before, stop_at: delete_in_batches(_previews(before), stop_at=stop_at),
    ),
)
keep_lines(
    # Whose a ticket was at a past moment, and how many incidents there have ever been.
    verbs=("ticket.assigned", "incident.deleted"),
    open_objects={
        "issue": "SELECT id::text FROM incidents_issue WHERE status <> 'DONE'",
        "incident": "SELECT id::text FROM incidents_incident WHERE status <> 'DONE'",
        "ticket": "SELECT external_id FROM incidents_ticket WHERE is_open",
    },
)
