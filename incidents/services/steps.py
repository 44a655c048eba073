"""The way of issues and incidents through their statuses, along the table in access.yaml; every stay is kept.

A stay is a stretch in which status, severity, project and assignee were the same. Figures of the past are read from
stays alone, so whoever changes one of the four calls `begin_stays`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from incidents.choices import IssueStatus
from incidents.models import Incident, IncidentSpan, Issue, IssueSpan
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, FieldError

RESOURCES = {Issue: "issues", Incident: "incidents"}
# Both have the same way.
WAY_TO_DONE = tuple(map(str, IssueStatus))
FIELDS = ("status", "triaged_at", "done_at", "updated_at")
BATCH_SIZE = 500
STAY_FIELDS = ("status", "severity", "project_id", "assignee_id")


def find_moves(resource: str, status: str) -> list[str]:
    """The statuses that a row of this resource may go to from `status`."""
    return [after for before, after in access.table()["transitions"][resource] if before == status]


def next_status(status: str) -> str:
    """The next status on the way to done, which is where it ends."""
    return WAY_TO_DONE[min(WAY_TO_DONE.index(status) + 1, len(WAY_TO_DONE) - 1)]


def take_step(*, actor: Actor, row: Issue | Incident, status: str) -> str:
    """Moves a locked row, closes its stay and opens the next one; answers where it came from.

    Raises:
        Conflict: there is no such move from where it stands; it names those there are.
    """
    if status not in (moves := find_moves(RESOURCES[type(row)], row.status)):
        allowed = " or ".join(moves)
        message = f"{row.key} is {row.status}; from there it goes to {allowed}, not to {status}."
        raise Conflict(message, details=[FieldError("status", f"Must be {allowed}.")])
    before, row.status = row.status, str(status)
    now = begin_stays([row], at=clock.now(), by=actor.label)[row.pk]
    if status == IssueStatus.OPEN:
        row.triaged_at = None
    elif status == IssueStatus.TRIAGED:
        row.triaged_at = now
    row.done_at = now if status == IssueStatus.DONE else None
    row.updated_at = now
    row.save(update_fields=FIELDS)
    return before


def begin_stays(
    rows: Sequence[Issue | Incident], *, at: datetime | Mapping[int, datetime], by: str
) -> dict[int, datetime]:
    """Ends the open stay of each row that is not as that stay says, and begins the next; answers when, by row.

    The rows are locked and hold their new values. `at` may differ by row. A clock that was set back does not make a
    stay end before it began.
    """
    ended: list[Any] = []
    begun: list[Any] = []
    by_id = {row.pk: row for row in rows}
    for stay in _open_stays(rows):
        row = by_id[stay.issue_id if isinstance(stay, IssueSpan) else stay.incident_id]
        if any(getattr(stay, name) != getattr(row, name) for name in STAY_FIELDS):
            stay.ended_at = max(at[row.pk] if isinstance(at, Mapping) else at, stay.started_at)
            ended.append(stay)
            begun.append(build_stay(row, started_at=stay.ended_at, by=by))
    if not ended:
        return {}
    # One stay ends before the next begins: a row has one that is open.
    spans: Any = type(ended[0]).objects
    spans.bulk_update(ended, ["ended_at"], batch_size=BATCH_SIZE)
    spans.bulk_create(begun, batch_size=BATCH_SIZE)
    return {stay.issue_id if isinstance(stay, IssueSpan) else stay.incident_id: stay.started_at for stay in begun}


def build_stay(row: Issue | Incident, *, started_at: datetime, by: str, **others: Any) -> IssueSpan | IncidentSpan:
    """A stay of the row as it is, not saved; `others` are what was different then."""
    values = {name: getattr(row, name) for name in STAY_FIELDS} | others
    values |= {"started_at": started_at, "started_by": by[:120]}
    return IssueSpan(issue=row, **values) if isinstance(row, Issue) else IncidentSpan(incident=row, **values)


def _open_stays(rows: Sequence[Issue | Incident]) -> Iterable[IssueSpan | IncidentSpan]:
    ids = [row.pk for row in rows]
    if rows and isinstance(rows[0], Incident):
        return IncidentSpan.objects.filter(incident__in=ids, ended_at=None)
    return IssueSpan.objects.filter(issue__in=ids, ended_at=None)
