"""Replays: tickets judged anew because a policy took effect or a status means something else now."""

import math
import time
from datetime import datetime

from django.db import connection, transaction

from incidents.intake import ticket_rows as rows
from incidents.intake.ticket_cases import Case, Replayer, store_known_cases
from incidents.intake.ticket_events import TicketSnapshot
from incidents.querysets import TicketQuerySet
from incidents.services.policies import current_book, hold_policy
from incidents.services.statuses import read_categories
from incidents.tasks import REPLAY_TICKETS, SWEEP_SLA, ring
from tracker import clock

BATCH_SIZE = 500

# Whoever else holds a ticket replays it anyway, or lets go soon; nobody waits here.
_CLAIM = """
SELECT id, external_id FROM incidents_ticket WHERE replay_requested_at <= %s
 ORDER BY replay_requested_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""


def request_replay(tickets: TicketQuerySet, *, at: datetime | None = None) -> int:
    """Asks that these tickets be judged anew at `at`, or as soon as possible; their number.

    The request is a mark on the ticket, in the caller's transaction; the replay itself is the sweep's.
    """
    now = clock.now()
    count = tickets.request_replay(at=at or now)
    if count and (at is None or at <= now):
        ring(REPLAY_TICKETS)
    return count


def replay_requested(*, batch_size: int = BATCH_SIZE, max_seconds: float = math.inf) -> int:
    """Replays every ticket that waits for it, batch by batch, each in a transaction; their number.

    A crash loses nothing: the mark goes in the transaction that writes the outcome. Any number may run at once. After
    `max_seconds` no further batch is begun; the rest is rung for.
    """
    count = 0
    ends_at = time.monotonic() + max_seconds
    while replayed := _replay_batch(batch_size):
        count += replayed
        if time.monotonic() > ends_at:
            ring(REPLAY_TICKETS)
            break
    return count


@transaction.atomic
def _replay_batch(batch_size: int) -> int:
    hold_policy()
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, batch_size])
        cases = {pk: Case(external_id, pk, is_known=True) for pk, external_id in cursor.fetchall()}
    if not cases:
        return 0
    history = list(rows.read_history(list(cases)))
    replayer = _make_replayer([snapshot for _, snapshot in history], now)
    for pk, snapshot in history:
        cases[pk].history.append((replayer.order_key(snapshot), snapshot))
    store_known_cases(replayer, [case for case in cases.values() if case.history])
    rows.clear_replay_marks([case.id for case in cases.values() if not case.history])
    if replayer.due_before_now:
        ring(SWEEP_SLA)
    return len(cases)


def _make_replayer(snapshots: list[TicketSnapshot], now: datetime) -> Replayer:
    categories = read_categories({snapshot.status for snapshot in snapshots})
    return Replayer(current_book(), categories, rows.find_projects(snapshot.project for snapshot in snapshots), now)
