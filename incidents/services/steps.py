"""The way of issues and incidents through their statuses, along the table in access.yaml; every stay is kept."""

from incidents.choices import IssueStatus
from incidents.models import Incident, Issue
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, FieldError

RESOURCES = {Issue: "issues", Incident: "incidents"}
# Both have the same way.
WAY_TO_DONE = tuple(map(str, IssueStatus))
FIELDS = ("status", "triaged_at", "done_at", "updated_at")


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
    stay = row.spans.get(ended_at=None)
    # A clock that was set back must not make a stay end before it began.
    now, before = max(clock.now(), stay.started_at), row.status
    stay.ended_at = now
    stay.save(update_fields=["ended_at"])
    row.spans.create(status=status, started_at=now, started_by=actor.label[:120])
    row.status = str(status)
    if status == IssueStatus.OPEN:
        row.triaged_at = None
    elif status == IssueStatus.TRIAGED:
        row.triaged_at = now
    row.done_at = now if status == IssueStatus.DONE else None
    row.updated_at = now
    row.save(update_fields=FIELDS)
    return before
