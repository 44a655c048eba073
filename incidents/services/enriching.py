"""The pump of enrichment: what is known offline is looked up at once, while outside answers are waited for beside it.

The database is spoken to from the calling thread and the network from a loop beside it, so that no transaction is open
while somebody outside is asked, and a provider that hangs holds up nobody but itself.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError, connection, transaction

from incidents import enrichment
from incidents.choices import RunState
from incidents.enrichment.base import Answer, LookUpFailed, NothingToLookUp, NotNow, RemoteProvider, source
from incidents.models import EnrichmentRun
from incidents.services.enrichment_rows import mend_stuck
from incidents.services.enrichments import (
    MAX_ATTEMPTS,
    NOBODY_CAME_BACK,
    Claim,
    Result,
    claim_runs,
    fail_or_retry,
    finish_runs,
    take_back_lost,
)
from incidents.services.outside_calls import calls_left, count_call, find_answer, forget_old_answers, keep_answer
from incidents.tasks import ENRICH, ring
from tracker import clock
from tracker.outgoing import OutgoingClient, open_client

TAKEN_AT_ONCE = 25
MAX_IN_FLIGHT = 8
POLL_SECONDS = 0.25
# One pump at a time: a flood of incidents must not take every process of the workers. A lock of the session, which
# PostgreSQL lets go of when the process dies.
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('tracker.enrich'))"
UNLOCK = "SELECT pg_advisory_unlock(hashtext('tracker.enrich'))"

logger = logging.getLogger(__name__)


def enrich_due(*, stop_after_seconds: float = 10.0) -> int:
    """Looks up what is due until nothing is or the time is over; answers how many look-ups ended.

    Safe to run anywhere at any time: where another pump is at work it does nothing.
    """
    if not _ask(TRY_LOCK):
        return 0
    try:
        with transaction.atomic():
            mend_stuck()
        take_back_lost()
        forget_old_answers()
        count = async_to_sync(_pump)(time.monotonic() + stop_after_seconds)
    finally:
        _ask(UNLOCK)
    if is_work_left():
        ring(ENRICH)
    return count


def is_work_left() -> bool:
    """Whether a look-up is due that nobody holds and that may be made now."""
    names = [*enrichment.LOCAL, *(name for name in enrichment.REMOTE if calls_left(name))]
    due = EnrichmentRun.objects.filter(state=RunState.PENDING, next_attempt_at__lte=clock.now())
    return due.filter(provider__in=names).exists()


async def _pump(stop_at: float) -> int:
    finished = 0
    under_way: set[asyncio.Task[Result]] = set()
    async with open_client(settings.OUTGOING_ALLOWED_NETWORKS, max_connections=MAX_IN_FLIGHT) as client:
        while True:
            claims: list[Claim] = []
            if time.monotonic() < stop_at:
                claims = await sync_to_async(_claim)(MAX_IN_FLIGHT - len(under_way))
            results = await sync_to_async(look_up_offline)(claims)
            remote = [claim for claim in claims if claim.provider in enrichment.REMOTE]
            under_way |= {asyncio.create_task(_ask_outside(claim, client)) for claim in remote}
            if under_way:
                timeout = 0 if results else POLL_SECONDS
                done, under_way = await asyncio.wait(under_way, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                results += [task.result() for task in done]
            if results:
                finished += await sync_to_async(_finish)(results)
            if not claims and not under_way:
                return finished


def _claim(room: int) -> list[Claim]:
    outside = {name: min(room, calls_left(name)) for name in enrichment.REMOTE}
    return claim_runs(dict.fromkeys(enrichment.LOCAL, TAKEN_AT_ONCE) | outside)


def _finish(results: Sequence[Result]) -> int:
    """Writes results down; one that the database cannot hold does not take the others along."""
    try:
        return finish_runs(results)
    except DataError:
        if len(results) > 1:
            return sum(_finish([result]) for result in results)
    return finish_runs([Result(results[0].claim, RunState.FAILED, error="the answer cannot be kept")])


def look_up_offline(claims: Sequence[Claim]) -> list[Result]:
    """Asks those that answer at once; a fault of one is its own."""
    results = []
    for claim in claims:
        provider = enrichment.LOCAL.get(claim.provider)
        if provider is None:
            continue
        try:
            if claim.attempts > MAX_ATTEMPTS:
                raise LookUpFailed(NOBODY_CAME_BACK, is_permanent=True)
            results.append(Result(claim, RunState.DONE, answer=provider.look_up(claim.subject)))
        except (OperationalError, InterfaceError):
            # The database is away: not the provider's fault, and nothing could be written down either.
            raise
        except Exception as error:
            results.append(_judge(claim, error))
    return results


async def _ask_outside(claim: Claim, client: OutgoingClient) -> Result:
    try:
        if claim.attempts > MAX_ATTEMPTS:
            raise LookUpFailed(NOBODY_CAME_BACK, is_permanent=True)
        answer = await _find_outside(enrichment.REMOTE[claim.provider], claim, client)
        return Result(claim, RunState.DONE, answer=answer)
    except Exception as error:
        return _judge(claim, error)


async def _find_outside(provider: RemoteProvider, claim: Claim, client: OutgoingClient) -> Answer:
    url = provider.url_of(claim.subject)
    known = await sync_to_async(find_answer)(provider.name, url)
    if known is not None:
        return dict(known)
    await sync_to_async(count_call)(provider.name)
    data = await provider.ask(url, client)
    told_by = source(urlsplit(url).hostname or "", clock.now().isoformat(timespec="seconds"))
    answer = {"data": data, "sources": [told_by]}
    await sync_to_async(keep_answer)(provider.name, url, answer)
    return answer


def _judge(claim: Claim, error: Exception) -> Result:
    """How an attempt ended that brought no answer."""
    match error:
        case NothingToLookUp():
            return Result(claim, RunState.SKIPPED, error=str(error))
        case NotNow(after_seconds=seconds):
            return Result(claim, RunState.PENDING, error=note_of_rate(), wait_seconds=seconds, is_no_attempt=True)
        case LookUpFailed(is_permanent=is_permanent, after_seconds=seconds):
            return fail_or_retry(claim, str(error), is_permanent=is_permanent, after_seconds=seconds)
    logger.error("A look-up broke.", exc_info=error, extra={"operation": claim.provider})
    return fail_or_retry(claim, f"internal error: {type(error).__name__}")


def note_of_rate() -> str:
    """What a row says that waits for its turn."""
    return f"put off: no more than {settings.ENRICHMENT_RATE_PER_MINUTE} calls a minute"


def _ask(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return bool(cursor.fetchone()[0])
