"""What clocks would be under another policy: histories read in batches and replayed in memory, nothing written.

The replay is the one that writes clocks, so what is said here is what it would write. Fit for a read-only transaction.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

import msgspec
from django.db import connection

from incidents.choices import CATEGORY_RANK
from incidents.services.policy_documents import SINCE_EVER
from incidents.services.statuses import look_up_categories
from incidents.sla.clocks import ClockState, HistoryEvent, replay
from incidents.sla.policies import Book, Version

TICKETS_AT_ONCE = 1_000

# One JSON list of each event: Django's own reading of a moment costs more than all the rest.
READ = """
SELECT json_build_array(ticket_id, updated_at, sequence, encode(fingerprint, 'hex'), status, priority, customer_tier,
                        created_at)::text
  FROM incidents_ticketevent WHERE ticket_id = ANY(%(ids)s)
   AND (%(as_of)s::timestamptz IS NULL OR (received_at <= %(as_of)s AND updated_at <= %(as_of)s))
"""


class _EventRow(NamedTuple):
    """One event on its way from the table."""

    ticket_id: int
    updated_at: datetime
    sequence: int | None
    fingerprint: str
    status: str
    priority: str
    tier: str
    created_at: datetime


class History(NamedTuple):
    """One ticket's events in the documented order. Priority, tier and category of the last are the present ones."""

    ticket_id: int
    created_at: datetime
    events: list[HistoryEvent]


class Judged(NamedTuple):
    """One ticket and what its clocks would be."""

    history: History
    clocks: list[ClockState]


_decode = msgspec.json.Decoder(list[_EventRow]).decode


def as_if_always(version: Version) -> Book:
    """A book of this version alone, in force since ever: what it would have made of any ticket."""
    rules, steps = version.rules, version.steps
    return Book([Version(version.id, version.number, SINCE_EVER, "new", rules, steps)])


def judge_under(
    book: Book,
    ticket_ids: Iterable[int],
    *,
    now: datetime,
    as_of: datetime | None = None,
    batch_size: int = TICKETS_AT_ONCE,
) -> Iterator[list[Judged]]:
    """These tickets under `book`, a batch at a time; only one batch is in memory.

    Args:
        ticket_ids: primary keys, read as they are needed. Tickets without any event (by `as_of`) are left out.
        now: leaves out the versions of the book that take effect later.
        as_of: history as it was known then; None is all of it.
    """
    for histories in read_histories(ticket_ids, as_of=as_of, batch_size=batch_size):
        yield [Judged(history, replay(history.created_at, history.events, book, now=now)) for history in histories]


def read_histories(
    ticket_ids: Iterable[int], *, as_of: datetime | None = None, batch_size: int = TICKETS_AT_ONCE
) -> Iterator[list[History]]:
    """The histories of these tickets, a batch at a time, to be judged under several books."""
    ids = iter(ticket_ids)
    while batch := list(islice(ids, batch_size)):
        yield _read_batch(batch, as_of)


def _read_batch(ids: list[int], as_of: datetime | None) -> list[History]:
    with connection.cursor() as cursor:
        cursor.execute(READ, {"ids": ids, "as_of": as_of})
        rows = _decode(f"[{','.join([row[0] for row in cursor.fetchall()])}]")
    categories = look_up_categories({row.status for row in rows})
    courses: dict[int, list[tuple[tuple[datetime, int, int, str], _EventRow]]] = {pk: [] for pk in ids}
    for row in rows:
        key = (row.updated_at, row.sequence or 0, CATEGORY_RANK[categories[row.status]], row.fingerprint)
        courses[row.ticket_id].append((key, row))
    return [_make_history(pk, course, categories) for pk, course in courses.items() if course]


def _make_history(
    pk: int, course: list[tuple[tuple[datetime, int, int, str], _EventRow]], categories: dict[str, str]
) -> History:
    if len(course) > 1:
        course.sort(key=itemgetter(0))
    events = [HistoryEvent(row.updated_at, categories[row.status], row.priority, row.tier) for _, row in course]
    return History(pk, course[-1][1].created_at, events)
