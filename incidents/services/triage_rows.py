"""Many rows at once: each by the same doors as one and in a savepoint of its own, and what became of each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from incidents.models import Incident, Issue
from tracker.exceptions import DomainError, InvalidInput, NotFound

MAX_ROWS = 200
R = TypeVar("R", Issue, Incident)


@dataclass(frozen=True, slots=True)
class TriageResult(Generic[R]):
    """What became of one row: changed, the same already, or the refusal that says why not."""

    row: R
    is_changed: bool
    refusal: DomainError | None = None


def check_ids(ids: Sequence[int], *, nouns: str) -> None:
    """Refuses none and too many.

    Raises:
        InvalidInput: naming how many there may be.
    """
    if not 1 <= len(ids) <= MAX_ROWS:
        raise InvalidInput.of_field("ids", f"1 to {MAX_ROWS} {nouns}.")


def find_rows(rows: "QuerySet[R]", ids: Sequence[int], *, nouns: str) -> list[R]:
    """The rows of these ids, each once, in that order.

    Raises:
        NotFound: one of them is not among `rows`.
    """
    found = rows.in_bulk(list(ids))
    if len(found) < len(set(ids)):
        raise NotFound(f"One of these {nouns} is not there, or you may not see it.")
    return [found[pk] for pk in dict.fromkeys(ids)]


def triage_each(rows: Iterable[R], work: Callable[[R], R]) -> list[TriageResult[R]]:
    """Does `work` to each; one that refuses stays as it was and leaves the others alone."""
    return [_triage_one(row, work) for row in rows]


def _triage_one(row: R, work: Callable[[R], R]) -> TriageResult[R]:
    before = (row.updated_at, row.status)
    try:
        with transaction.atomic():
            changed = work(row)
    except DomainError as refusal:
        return TriageResult(row, is_changed=False, refusal=refusal)
    return TriageResult(changed, is_changed=(changed.updated_at, changed.status) != before)
