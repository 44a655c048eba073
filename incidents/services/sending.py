"""The pump: takes what is due, sends many at once, writes each end down as it comes.

The database is spoken to from the calling thread and the network from a loop beside it, so that no transaction is ever
open while something is sent, and a receiver that hangs delays nobody but itself.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from incidents import channels
from incidents.channels.base import Message, PersonalLetter, Retry, Void
from incidents.choices import Notice
from incidents.services.delivery_results import Result, finish_deliveries
from incidents.services.letters import write_letter
from incidents.services.outbox import Claim, cancel_switched_off, claim_deliveries, seconds_until_due
from tracker.outgoing import OutgoingClient, open_client
from tracker.telemetry import Attributes, span

MAX_IN_FLIGHT = 64
POLL_SECONDS = 0.5
# A worker waits this long for the next message of a Slack channel or the next early retry; later ones are the beat's.
WORTH_WAITING_SECONDS = 2.0
MAX_EMPTY_LOOKS = 3
FINISH_PATIENCE_SECONDS = 20.0

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class DeliveryReport:
    """What one run did: attempts made, and deliveries whose end was written."""

    attempts: int = 0
    finished: int = 0


def deliver_due(*, limit: int | None = None, stop_after_seconds: float = 10.0) -> DeliveryReport:
    """Sends what is due until nothing is, `limit` attempts were made or the time is over; then waits for those under
    way, each at most its deadline. Any number of workers may run it at once."""
    cancel_switched_off()
    return async_to_sync(_pump)(limit, time.monotonic() + stop_after_seconds)


async def _pump(limit: int | None, stop_at: float) -> DeliveryReport:
    report = DeliveryReport()
    under_way: set[asyncio.Task[Result]] = set()
    empty_looks = 0
    async with open_client(settings.OUTGOING_ALLOWED_NETWORKS, max_connections=MAX_IN_FLIGHT) as client:
        while True:
            room = MAX_IN_FLIGHT - len(under_way)
            room = room if limit is None else min(room, limit - report.attempts)
            claims: Sequence[Claim] = []
            if room > 0 and time.monotonic() < stop_at:
                claims = await _claim(room, is_idle=not under_way)
            report.attempts += len(claims)
            under_way |= {asyncio.create_task(_attempt(claim, client)) for claim in claims}
            if not under_way:
                empty_looks += 1
                if room <= 0 or empty_looks > MAX_EMPTY_LOOKS or not await _wait_for_work(stop_at):
                    return report
                continue
            empty_looks = 0
            done, under_way = await asyncio.wait(under_way, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if done:
                report.finished += await _finish([task.result() for task in done])


async def _claim(room: int, *, is_idle: bool) -> Sequence[Claim]:
    """What is due. While the database is away, a run with attempts under way takes nothing and stays to write their
    ends down; an idle one ends, and the beat comes again."""
    try:
        return await sync_to_async(claim_deliveries)(limit=room)
    except (OperationalError, InterfaceError):
        if is_idle:
            raise
        await sync_to_async(_drop_connection)()
        return []


async def _attempt(claim: Claim, client: OutgoingClient) -> Result:
    """One attempt, as a part of the trace that the delivery came from."""
    first, *others = claim.rows
    with span("deliver", kind="client", parent=first.traceparent, links=[row.traceparent for row in others]) as work:
        result = await _try(claim, client)
        facts: Attributes = {
            "tracker.delivery_id": claim.ids[0],
            "tracker.attempt": claim.attempts,
            "tracker.outcome": type(result.outcome).__name__.lower(),
        }
        work.describe(f"deliver {claim.channel.kind}", facts)
        if isinstance(result.outcome, Retry):
            work.fail()
    return result


async def _try(claim: Claim, client: OutgoingClient) -> Result:
    try:
        message = await _find_message(claim)
        if message is None:
            return Result(claim, Void("there is nothing left to tell"))
        outcome = await channels.send(
            claim.channel, message, key=claim.key, deadline_seconds=claim.deadline_seconds, client=client
        )
    except Exception as error:
        # A fault of ours in one message must not take the others along; it shows on the channel and in the log.
        logger.exception("A message could not be made.", extra={"channel": claim.channel.name})
        outcome = Retry(f"internal error: {type(error).__name__}")
    return Result(claim, outcome)


async def _find_message(claim: Claim) -> Message | PersonalLetter | None:
    """What to send. A letter to a person is written from rows of now, by the thread that speaks to the database."""
    row = claim.rows[0]
    if row.notice == Notice.LETTER:
        return await sync_to_async(write_letter)(row.payload or {"person": 0, "notifications": []})
    return claim.message


async def _wait_for_work(stop_at: float) -> bool:
    """Sleeps until the next delivery is due, where that is soon; says whether to look again. What became due between
    two looks is worth another one; what stays due is held by another worker."""
    seconds = await sync_to_async(seconds_until_due)()
    if seconds is None or seconds > WORTH_WAITING_SECONDS or time.monotonic() + seconds > stop_at:
        return False
    await asyncio.sleep(max(seconds, 0.01))
    return True


async def _finish(results: Sequence[Result]) -> int:
    """Writes results down, across a restart of the database: what was sent must not be sent again for that."""
    give_up_at = time.monotonic() + FINISH_PATIENCE_SECONDS
    while True:
        try:
            return await sync_to_async(finish_deliveries)(results)
        except (OperationalError, InterfaceError):
            await sync_to_async(_drop_connection)()
            if time.monotonic() > give_up_at:
                raise
            await asyncio.sleep(POLL_SECONDS)


def _drop_connection() -> None:
    # A function of its own, so that it is the calling thread's connection which is looked up, not the loop's.
    connection.close()
