"""The leases of reports that are being made: who works on which, for how long, and what becomes of lost ones."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from reports.choices import ReportState
from reports.models import Report
from reports.services.report_ends import fail_report
from tracker import clock

# Whoever works prolongs it every few seconds, so that only those who are gone lose it.
LEASE_TERM = timedelta(seconds=20)
MAX_ATTEMPTS = 3
NOBODY_CAME_BACK = f"Given up after {MAX_ATTEMPTS} attempts: whoever computed it did not come back."
SLOTS = 7_230_002
# Each person's oldest one, and of those the one whose owner has waited longest, so that nobody's many keep out the
# few of others. What nobody owns comes first.
CLAIM = """
WITH heads AS (
  SELECT owner_id, min(id) AS id FROM reports_report WHERE state = 'pending' GROUP BY owner_id),
next AS (
  SELECT r.id FROM reports_report r JOIN heads h ON h.id = r.id WHERE r.state = 'pending'
   ORDER BY (SELECT max(s.started_at) FROM reports_report s WHERE s.owner_id = h.owner_id) NULLS FIRST, r.id
   LIMIT 1 FOR NO KEY UPDATE OF r SKIP LOCKED)
UPDATE reports_report r
   SET state = 'running', lease = %(lease)s, leased_until = %(until)s, attempts = r.attempts + 1,
       started_at = %(now)s, progress_done = 0, progress_total = 0
  FROM next WHERE r.id = next.id
RETURNING r.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One report to make; `lease` is the fence."""

    report: Report
    lease: uuid.UUID


def claim_report() -> Claim | None:
    """Leases the report whose turn it is; None where none waits."""
    lease, now = uuid.uuid4(), clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"lease": lease, "now": now, "until": now + LEASE_TERM})
        row = cursor.fetchone()
    if row is None:
        return None
    return Claim(Report.objects.select_related("owner", "project").get(pk=row[0]), lease)


def prolong(claim: Claim, *, done: int, total: int) -> bool:
    """Says that the work goes on, and how far it is; False where it is in other hands, or ended."""
    rows = Report.objects.filter(pk=claim.report.pk, lease=claim.lease)
    until = clock.now() + LEASE_TERM
    return bool(rows.update(leased_until=until, progress_done=done, progress_total=total))


@transaction.atomic
def take_back_lost(*, limit: int = 100) -> int:
    """Reports of workers that are gone: another attempt, or the end with a reason; how many."""
    lost = Report.objects.filter(state=ReportState.RUNNING, leased_until__lte=clock.now()).order_by("leased_until")
    rows = list(lost.select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit])
    again = [row.pk for row in rows if row.attempts < MAX_ATTEMPTS]
    Report.objects.filter(pk__in=again).update(state=ReportState.PENDING, lease=None, leased_until=None)
    for row in rows:
        if row.attempts >= MAX_ATTEMPTS and row.lease is not None:
            fail_report(row, lease=row.lease, reason=NOBODY_CAME_BACK)
    return len(rows)


@contextmanager
def hold_slot() -> Iterator[bool]:
    """Whether this process may compute: at most REPORTS_AT_ONCE do, so that reports never take all workers.

    A lock of the session, which PostgreSQL lets go of when the process dies.
    """
    slot = next((slot for slot in range(settings.REPORTS_AT_ONCE) if _ask("pg_try_advisory_lock", slot)), None)
    try:
        yield slot is not None
    finally:
        if slot is not None:
            _ask("pg_advisory_unlock", slot)


def _ask(function: str, slot: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [SLOTS, slot])
        return bool(cursor.fetchone()[0])
