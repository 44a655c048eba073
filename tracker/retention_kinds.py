"""What the registry keeps for a time: the log, and what people were told."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from tracker.models import Notification
from tracker.retention import RetentionKind, declare, keep_lines
from tracker.services.batches import count_up_to, delete_in_batches
from tracker.services.log_pruning import count_log, prune_log


def _told(before: datetime) -> QuerySet[Any]:
    """After it was read, or told by letter alone. What nobody has read stays."""
    return Notification.objects.filter(Q(read_at__lt=before) | Q(is_listed=False, mail_at=None, created_at__lt=before))


declare(
    RetentionKind(
        "log",
        "Lines of the log",
        "By whole months. What figures are counted from, and the timelines of what is still open, stay.",
        default_days=1_095,
        least_days=365,
        count=count_log,
        prune=prune_log,
    ),
    RetentionKind(
        "notifications",
        "Notifications",
        "After they were read. What nobody has read stays.",
        default_days=90,
        least_days=7,
        count=lambda before, most: count_up_to(_told(before), most),
        prune=lambda before, stop_at: delete_in_batches(_told(before), stop_at=stop_at),
    ),
)
keep_lines(
    verbs=(
        # What people were called at a past moment, and that they are nobody now.
        "user.updated", "user.anonymise_asked", "user.anonymised", "user.deleted",
        # Whether a shipped schedule is an admin's now, and whether the demo was sown.
        "schedule.updated", "demo.seeded",
        # What was taken away, and by whose word.
        "retention.updated", "retention.pruned", "partitions.dropped",
    ),
)  # fmt: skip
