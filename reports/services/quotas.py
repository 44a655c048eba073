"""How many reports one person may have: unfinished, so that others' come through, and kept."""

from django.db import connection
from django.db.models import Count, Sum

from reports.choices import UNFINISHED_STATES
from reports.models import Report
from tracker.exceptions import QuotaExceeded, Throttled
from tracker.models import User

MAX_UNFINISHED = 20
MAX_KEPT = 1_000
MAX_FILE_BYTES = 10 * 1024**3
RETRY_AFTER_SECONDS = 30
OWNERS_LOCK = 7_230_001


def check_room(owner: User | None) -> None:
    """Whether there is room for one more of this person; shells ask for as many as they like.

    Raises:
        Throttled: MAX_UNFINISHED wait or run. QuotaExceeded: MAX_KEPT are kept, or MAX_FILE_BYTES in their files.
    """
    if owner is None:
        return
    # Of one person's requests at the same time each counts the one before.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [OWNERS_LOCK, owner.pk])
    own = Report.objects.filter(owner=owner).order_by()
    if own.filter(state__in=UNFINISHED_STATES).count() >= MAX_UNFINISHED:
        raise Throttled(
            f"{MAX_UNFINISHED} of your reports are not finished; wait for one, or cancel it.",
            retry_after_seconds=RETRY_AFTER_SECONDS,
        )
    kept = own.aggregate(reports=Count("pk"), bytes=Sum("file_bytes", default=0))
    if kept["reports"] >= MAX_KEPT:
        raise QuotaExceeded(f"You keep {MAX_KEPT} reports; delete some that you do not need any more.")
    if kept["bytes"] >= MAX_FILE_BYTES:
        raise QuotaExceeded(
            f"The files of your reports take {MAX_FILE_BYTES // 1024**3} GiB; delete some that you do not need."
        )
