"""Taking deliveries from the outbox: one short transaction that leases rows and reads what is to be told.

Whatever becomes of the worker, its rows are due again when the lease ends, under the same key. A flood is folded into
digests: the rows of a digest point to its first one, so that a repeated attempt repeats the same digest.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from incidents.channels.base import ChannelConfig, Message
from incidents.choices import ChannelKind
from incidents.services.deliveries import log_deliveries, with_clock
from incidents.services.delivery_statements import (
    CANCEL_OFF,
    DUE,
    HOLD_CHANNEL,
    LEASE,
    LEASE_FOLDED,
    LEASED,
    NEXT_DUE,
    ROOM,
)
from incidents.services.messages import LeasedRow, compose_message, read_row
from tracker.access import Actor

DEADLINE_SECONDS = 10.0
# An attempt, and time enough to write its end down while the database comes back from a restart.
LEASE_TERM = timedelta(seconds=30)
# Slack's limit for one webhook, with a little air.
SLACK_GAP = timedelta(seconds=1.1)
PROBING_AFTER_FAILURES = 3
MAX_DIGEST = 100


@dataclass(frozen=True, slots=True)
class Manners:
    """How a kind of channel is treated: attempts at once, and how many may wait before they are folded."""

    places: int
    folds_above: int
    taken_at_once: int


MANNERS = {
    ChannelKind.SLACK: Manners(places=1, folds_above=5, taken_at_once=MAX_DIGEST),
    ChannelKind.EMAIL: Manners(places=4, folds_above=10, taken_at_once=MAX_DIGEST),
    ChannelKind.WEBHOOK: Manners(places=8, folds_above=50, taken_at_once=4 * MAX_DIGEST),
}
PLACES = json.dumps({kind.value: manners.places for kind, manners in MANNERS.items()})


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt to make: `ids` are its deliveries, the first one giving the key; `lease` is the fence."""

    ids: tuple[int, ...]
    lease: uuid.UUID
    key: uuid.UUID
    attempts: int
    created_at: datetime
    channel: ChannelConfig
    rows: Sequence[LeasedRow]

    @property
    def message(self) -> Message:
        """What to send. Made late, so that a row of which no message can be made spoils its own attempt alone."""
        return compose_message(self.rows)

    @property
    def deadline_seconds(self) -> float:
        """How long the attempt may take in all."""
        is_slack = self.channel.kind == ChannelKind.SLACK
        return min(settings.SLACK_TIMEOUT_SECONDS, DEADLINE_SECONDS) if is_slack else DEADLINE_SECONDS


@transaction.atomic
def claim_deliveries(*, limit: int) -> list[Claim]:
    """Leases what is due, at most `limit` attempts, each channel within its own bounds."""
    lease = uuid.uuid4()
    base = with_clock(lease=lease, term=LEASE_TERM, places=PLACES)
    leads: dict[int, ChannelConfig] = {}
    rows: list[dict[str, int | None]] = []
    with connection.cursor() as cursor:
        cursor.execute(ROOM, base | {"probing_after": PROBING_AFTER_FAILURES})
        for pk, kind, name, url, secret, room in cursor.fetchall():
            places = min(room, limit - len(leads))
            if places <= 0:
                continue
            attempts = _choose(cursor, base, pk, MANNERS[kind], places)
            leads |= {lead: ChannelConfig(pk, name, kind, url, secret) for lead, *_ in attempts}
            rows += [{"id": row, "digest_of": None if row == ids[0] else ids[0]} for ids in attempts for row in ids]
            if attempts and kind == ChannelKind.SLACK:
                cursor.execute(HOLD_CHANNEL, base | {"channel": pk, "gap": SLACK_GAP})
        if not leads:
            return []
        # Members of digests that were tried before; first, because the next statement makes new ones.
        cursor.execute(LEASE_FOLDED, base | {"leads": list(leads)})
        cursor.execute(LEASE, base | {"rows": json.dumps(rows)})
        cursor.execute(LEASED, base | {"ids": list(leads)})
        return _compose([read_row(row) for row in cursor.fetchall()], leads, lease)


def seconds_until_due() -> float | None:
    """How long until the next delivery is due that no worker holds; None where nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE, with_clock())
        seconds = cursor.fetchone()[0]
    return None if seconds is None else float(seconds)


@transaction.atomic
def cancel_switched_off() -> int:
    """Ends deliveries that were written while their channel was being switched off, or leased by a lost worker."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_OFF, with_clock())
        ids = [row[0] for row in cursor.fetchall()]
    log_deliveries(actor=Actor.system("deliver"), verb="delivery.cancelled", ids=ids)
    return len(ids)


def _choose(
    cursor: CursorWrapper, base: dict[str, Any], channel_id: int, manners: Manners, places: int
) -> list[list[int]]:
    """The attempts to make for a channel, each a list of deliveries: single ones, or digests where many wait."""
    cursor.execute(DUE, base | {"channel": channel_id, "limit": manners.taken_at_once})
    due: list[tuple[int, bool]] = cursor.fetchall()
    foldable = [pk for pk, may_be_folded in due if may_be_folded]
    if len(foldable) <= manners.folds_above:
        return [[pk] for pk, _ in due[:places]]
    single = [[pk] for pk, may_be_folded in due if not may_be_folded]
    digests = [foldable[start : start + MAX_DIGEST] for start in range(0, len(foldable), MAX_DIGEST)]
    return (single + digests)[:places]


def _compose(rows: Sequence[LeasedRow], leads: dict[int, ChannelConfig], lease: uuid.UUID) -> list[Claim]:
    together: dict[int, list[LeasedRow]] = {pk: [] for pk in leads}
    for row in rows:
        together[row.digest_of or row.id].append(row)
    return [_make_claim(pk, members, leads[pk], lease) for pk, members in together.items()]


def _make_claim(pk: int, members: list[LeasedRow], channel: ChannelConfig, lease: uuid.UUID) -> Claim:
    lead = next(row for row in members if row.id == pk)
    return Claim(
        ids=tuple(row.id for row in members),
        lease=lease,
        key=lead.key,
        attempts=lead.attempts,
        created_at=lead.created_at,
        channel=channel,
        rows=members,
    )
