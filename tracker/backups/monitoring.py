"""What backups add to /healthz, /metrics and the System page."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from tracker import clock, gauges, health
from tracker.health import Check, Grade
from tracker.models import Backup
from tracker.services.backups import backup_age_seconds, latest_backup
from tracker.services.system import Content, Fact, Section, Tone, Unit, register_section

# A night and what a backup may take.
IS_LATE_AFTER = timedelta(hours=26)


def _is_late() -> bool:
    """Whether the newest whole one is of the night before last; nobody expects one of the first day."""
    age = backup_age_seconds()
    if age is None:
        since = MigrationRecorder.Migration.objects.aggregate(first=Min("applied"))["first"]
        return since is not None and clock.now() - since > IS_LATE_AFTER
    return age > IS_LATE_AFTER.total_seconds()


def _check_backup() -> Grade:
    """Only where they are made by themselves: elsewhere somebody else looks after them."""
    return Grade.DEGRADED if settings.BACKUP_DIRECTORY and _is_late() else Grade.OK


def _collect() -> Iterator[Metric]:
    age = GaugeMetricFamily("tracker_backup_age_seconds", "Since the last backup that succeeded.")
    size = GaugeMetricFamily("tracker_backup_size_bytes", "Size of the last backup that succeeded.")
    failing = GaugeMetricFamily("tracker_backup_failing", "1 where the last backup failed.")
    newest, last = latest_backup(), Backup.objects.order_by("-id").first()
    if newest is not None:
        age.add_metric([], (clock.now() - newest.started_at).total_seconds())
        size.add_metric([], newest.size_bytes)
    failing.add_metric([], float(bool(last and last.error)))
    yield from (age, size, failing)


def _describe() -> Content:
    newest, last = latest_backup(), Backup.objects.order_by("-id").first()
    tone = Tone.ALERT if not settings.BACKUP_DIRECTORY else Tone.BREACH if _is_late() else Tone.OK
    note = "" if settings.BACKUP_DIRECTORY else "Set BACKUP_DIRECTORY, and one is made each night."
    page = "admin:tracker_backup_changelist"
    facts = [Fact("Last whole one", newest.started_at if newest else "none", tone=tone, note=note, page=page)]
    if newest is not None:
        facts.append(Fact("Its size", newest.size_bytes, Unit.BYTES))
    if last is not None and last.error:
        facts.append(Fact("The last one failed", last.error, tone=Tone.BREACH))
    return Content(facts=facts)


health.register(Check("backup", _check_backup, is_vital=False))
gauges.register("backups", _collect)
register_section(Section("backups", "Backups", _describe, position=60))
