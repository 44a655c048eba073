"""Which backups are kept: the first of each day for a week, of each week for a month, of each month for half a year."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from tracker import clock
from tracker.access import Actor
from tracker.models import Backup
from tracker.services.events import log_event

DAILY, WEEKLY, MONTHLY = timedelta(days=7), timedelta(weeks=4), timedelta(days=183)
OTHERS = timedelta(days=1)
MOST_ROWS = 1_000


def keep_until(at: datetime) -> datetime:
    """Until when a backup of this moment is kept, beside the whole ones that there are."""
    zone = ZoneInfo(settings.SITE_TIMEZONE)
    rows = Backup.objects.filter(finished_at__isnull=False, error="", removed_at=None, started_at__lt=at)
    earlier = list(rows.order_by("-started_at").values_list("started_at", flat=True)[:MOST_ROWS])
    return at + how_long(at.astimezone(zone), [one.astimezone(zone) for one in earlier])


def how_long(at: datetime, earlier: list[datetime]) -> timedelta:
    """The longest that one of the rules gives; each counts from the first of its month, week or day."""
    if all((one.year, one.month) != (at.year, at.month) for one in earlier):
        return MONTHLY
    if all(one.isocalendar()[:2] != at.isocalendar()[:2] for one in earlier):
        return WEEKLY
    return DAILY if all(one.date() != at.date() for one in earlier) else OTHERS


def take_away_old(*, actor: Actor, directory: Path) -> int:
    """Deletes the files of this folder that have had their time; never the newest whole one. Answers how many."""
    whole = Backup.objects.filter(finished_at__isnull=False, error="", removed_at=None)
    newest = whole.order_by("-started_at").values("pk")[:1]
    here = whole.filter(location__startswith=f"{directory}/", kept_until__lt=clock.now()).exclude(pk__in=newest)
    count = 0
    for row in here.order_by("pk")[:MOST_ROWS]:
        with transaction.atomic():
            row.removed_at = clock.now()
            row.save(update_fields=["removed_at"])
            log_event(actor=actor, verb="backup.removed", obj=row, data={"file": Path(row.location).name})
        Path(row.location).unlink(missing_ok=True)
        count += 1
    return count
