"""The one door for ticket events: history, present state, clocks and receipts of a whole batch in one transaction.

Convergence: a ticket is a function of the set of its events. History is ordered by (updated_at, sequence, how far the
status category is along, fingerprint); the last event is the present state, and the clocks are replayed from the whole
history, so neither the order of arrival nor repeats nor the number of senders can matter.

Races: rows of known tickets are locked in the order of their ids; unknown ones are simply inserted in that order. Two
senders who bring the same new ticket at once meet at its unique key; the later one starts again and finds it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from incidents.intake.ticket_batch import Batch, Receipt
from incidents.intake.ticket_events import TicketSnapshot, read_events, read_rows
from incidents.intake.ticket_rows import find_projects
from incidents.tasks import SWEEP_SLA, ring
from tracker import access
from tracker.access import Actor
from tracker.exceptions import FieldError, InvalidInput, Unavailable

MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch: a receipt for each good event in input order, and the faults of the others."""

    receipts: list[Receipt]
    faults: list[FieldError]
    is_single: bool = False


def ingest_events(*, actor: Actor, body: bytes, is_atomic: bool = True) -> IngestResult:
    """Takes a JSON body: one event or a list of them (at most 10,000 events, 10 MiB).

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, tickets.create.
        TooLarge, InvalidInput: nothing was written; `details` names each fault by index and field. With
            `is_atomic=False` faulty events are left out instead and reported in the result.
    """
    access.require(actor, "tickets", "create")
    good, faults, is_single = read_events(body)
    return _take(actor, good, faults, is_atomic=is_atomic, is_single=is_single)


def ingest_rows(*, actor: Actor, rows: Sequence[dict[str, Any]], is_atomic: bool = True) -> IngestResult:
    """The same for events that are dicts already, as files and forms bring them."""
    access.require(actor, "tickets", "create")
    good, faults = read_rows(rows)
    return _take(actor, good, faults, is_atomic=is_atomic)


def _take(
    actor: Actor,
    good: list[tuple[int, TicketSnapshot]],
    faults: list[FieldError],
    *,
    is_atomic: bool,
    is_single: bool = False,
) -> IngestResult:
    projects = find_projects({snapshot.project for _, snapshot in good})
    unknown = _find_unknown_projects(good, projects)
    faults = sorted(faults + unknown, key=lambda fault: fault.index or 0)
    if faults and is_atomic:
        raise InvalidInput("There are faults in the events; nothing was taken.", details=faults)
    if unknown:
        refused = {fault.index for fault in unknown}
        good = [(index, snapshot) for index, snapshot in good if index not in refused]
    for _ in range(MAX_ATTEMPTS):
        batch = Batch(actor, good, projects)
        try:
            with transaction.atomic():
                batch.write()
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                continue
            raise
        if batch.is_anything_due:
            ring(SWEEP_SLA)
        return IngestResult(batch.receipts, faults, is_single)
    raise Unavailable("Other senders keep bringing the same tickets; try again.", retry_after_seconds=1)


def _find_unknown_projects(good: list[tuple[int, TicketSnapshot]], known: dict[str, int]) -> list[FieldError]:
    """A fault for each event that names a project that is not there."""
    message = "There is no project with this key."
    return [
        FieldError("project", message, index)
        for index, snapshot in good
        if snapshot.project and snapshot.project not in known
    ]
