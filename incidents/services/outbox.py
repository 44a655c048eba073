"""Taking deliveries from the outbox: one short transaction that leases rows and reads what is to be told.

Whatever becomes of the worker, its rows are due again when the lease ends, under the same key. A flood is folded into
digests: the rows of a digest point to its first one, so that a repeated attempt repeats the same digest.
"""

import json
import uuid
from collections import defaultdict
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
    FOLDED,
    HOLD_CHANNELS,
    LEASE,
    NEXT_DUE,
    ROOM,
)
from incidents.services.messages import LeasedRow, compose_message, read_row
from tracker.access import Actor
from tracker.sealing import unseal

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


MANNERS: dict[str, Manners] = {
    ChannelKind.SLACK: Manners(places=1, folds_above=5, taken_at_once=MAX_DIGEST),
    ChannelKind.EMAIL: Manners(places=4, folds_above=10, taken_at_once=MAX_DIGEST),
    # Each letter is somebody else's: they are folded by person before they are written, never here.
    ChannelKind.PERSON: Manners(places=4, folds_above=10, taken_at_once=MAX_DIGEST),
    ChannelKind.WEBHOOK: Manners(places=8, folds_above=50, taken_at_once=4 * MAX_DIGEST),
}
MANNERS_TABLE = json.dumps(
    [{"kind": kind, "places": way.places, "folds_above": way.folds_above} for kind, way in MANNERS.items()]
)


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


@dataclass(frozen=True, slots=True)
class Room:
    """What one channel may be sent now: so many attempts, as digests where many wait."""

    channel: ChannelConfig
    places: int
    is_folding: bool

    @property
    def most_rows(self) -> int:
        """How many deliveries these attempts may take together."""
        return (
            min(self.places * MAX_DIGEST, MANNERS[self.channel.kind].taken_at_once) if self.is_folding else self.places
        )


@transaction.atomic
def claim_deliveries(*, limit: int) -> list[Claim]:
    """Leases what is due, at most `limit` attempts, each channel within its own bounds."""
    lease = uuid.uuid4()
    base = with_clock(lease=lease, term=LEASE_TERM)
    with connection.cursor() as cursor:
        rooms = _find_room(cursor, base, limit)
        attempts = _choose_attempts(cursor, base, rooms)
        if not attempts:
            return []
        slack = {room.channel.id for room in rooms.values() if room.channel.kind == ChannelKind.SLACK}
        held = sorted(slack & {channel_id for channel_id, _ in attempts.values()})
        if held:
            cursor.execute(HOLD_CHANNELS, base | {"channels": held, "gap": SLACK_GAP})
        rows = [
            {"id": row, "digest_of": lead if row != lead else None}
            for lead, (_, ids) in attempts.items()
            for row in ids
        ]
        cursor.execute(LEASE, base | {"rows": json.dumps(rows)})
        leased = [read_row(row) for row in cursor.fetchall()]
    together: dict[int, list[LeasedRow]] = {lead: [] for lead in attempts}
    for row in leased:
        together[row.digest_of or row.id].append(row)
    return [_make_claim(lead, rows, rooms[attempts[lead][0]].channel, lease) for lead, rows in together.items()]


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


def _find_room(cursor: CursorWrapper, base: dict[str, Any], limit: int) -> dict[int, Room]:
    """The channels to which something may be sent, with `limit` places at most in all."""
    cursor.execute(ROOM, base | {"probing_after": PROBING_AFTER_FAILURES, "manners": MANNERS_TABLE})
    rooms: dict[int, Room] = {}
    for pk, kind, name, url, secret, free, is_folding in cursor.fetchall():
        places = min(free, limit)
        if places > 0:
            rooms[pk] = Room(ChannelConfig(pk, name, kind, unseal(url), unseal(secret)), places, is_folding)
            limit -= places
    return rooms


def _choose_attempts(
    cursor: CursorWrapper, base: dict[str, Any], rooms: dict[int, Room]
) -> dict[int, tuple[int, list[int]]]:
    """The attempts to make: lead → its channel and all deliveries that go with it."""
    if not rooms:
        return {}
    wanted = json.dumps([{"channel": pk, "most": room.most_rows} for pk, room in rooms.items()])
    cursor.execute(DUE, base | {"wanted": wanted})
    due: dict[int, list[tuple[int, int, bool]]] = defaultdict(list)
    for channel_id, *row in cursor.fetchall():
        due[channel_id].append((row[0], row[1], row[2]))
    attempts: dict[int, tuple[int, list[int]]] = {}
    for channel_id, rows in due.items():
        for ids in _split(rows, rooms[channel_id]):
            attempts[ids[0]] = (channel_id, ids)
    repeated = {pk for rows in due.values() for pk, tried, _ in rows if tried} & attempts.keys()
    if repeated:
        cursor.execute(FOLDED, {"leads": sorted(repeated)})
        for pk, lead in cursor.fetchall():
            attempts[lead][1].append(pk)
    return attempts


def _split(rows: Sequence[tuple[int, int, bool]], room: Room) -> list[list[int]]:
    """A channel's due deliveries as attempts. What was tried before, or tells of no alert, is not folded."""
    if not room.is_folding:
        return [[pk] for pk, _, _ in rows][: room.places]
    single = [[pk] for pk, tried, has_alert in rows if tried or not has_alert]
    foldable = [pk for pk, tried, has_alert in rows if not tried and has_alert]
    digests = [foldable[start : start + MAX_DIGEST] for start in range(0, len(foldable), MAX_DIGEST)]
    return (single + digests)[: room.places]


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
