"""Working off the rows of enrichment: taken under a lease, ended only by whoever still has it.

Incidents are locked before their rows, by everybody: taking work never waits for a lock, and ending it takes them in
the order of their ids.
"""

import json
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from incidents.choices import EnrichmentState, RunState
from incidents.enrichment.base import Answer, Subject
from incidents.models import EnrichmentRun, Incident
from incidents.services.enrichment_rows import request_enrichment, settle_incidents
from incidents.services.incident_news import log_incident
from incidents.services.incidents import lock_incident
from tracker import access, clock
from tracker.access import Actor

# Longer than a request may take (ENRICHMENT_TIMEOUT), and than a handful of look-ups in our own database.
LEASE_TERM = timedelta(seconds=45)
MAX_ATTEMPTS = 8
SHORTEST_WAIT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 900.0
NOBODY_CAME_BACK = "given up: whoever worked on it did not come back"

# The rows of workers that are gone. Without the incident's lock: it changes nothing that the incident shows.
TAKE_BACK = """
UPDATE incidents_enrichmentrun SET state = 'pending', next_attempt_at = %(now)s, lease = NULL, leased_until = NULL
 WHERE id IN (SELECT id FROM incidents_enrichmentrun WHERE state = 'running' AND leased_until <= %(now)s
               LIMIT 1000 FOR UPDATE SKIP LOCKED)
"""
DUE = """
SELECT due.* FROM json_to_recordset(%(wanted)s) AS w(provider text, most int)
  CROSS JOIN LATERAL (
    SELECT r.id, r.provider, r.attempts, i.id AS incident_id, host(i.ip), i.latitude, i.longitude
      FROM incidents_enrichmentrun r JOIN incidents_incident i ON i.id = r.incident_id
     WHERE r.provider = w.provider AND r.state = 'pending' AND r.next_attempt_at <= %(now)s
     ORDER BY r.next_attempt_at LIMIT w.most FOR NO KEY UPDATE OF i, r SKIP LOCKED) due
"""
LEASE = """
UPDATE incidents_enrichmentrun SET state = 'running', lease = %(lease)s, leased_until = %(until)s,
       started_at = %(now)s, attempts = attempts + 1
 WHERE id = ANY(%(runs)s)
"""
# The lease is the fence: who took too long finds the row in other hands and changes nothing.
FINISH = """
UPDATE incidents_enrichmentrun r
   SET state = o.state, error = o.error, attempts = r.attempts - o.refund,
       answer = CASE WHEN o.state IN ('done', 'skipped') THEN o.answer ELSE r.answer END,
       next_attempt_at = CASE WHEN o.state = 'pending' THEN %(now)s + make_interval(secs => o.wait) END,
       finished_at = CASE WHEN o.state <> 'pending' THEN %(now)s END, lease = NULL, leased_until = NULL
  FROM json_to_recordset(%(rows)s)
    AS o(id bigint, lease uuid, state text, answer jsonb, error text, refund int, wait float8)
 WHERE r.id = o.id AND r.lease = o.lease
RETURNING r.incident_id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One look-up to make; `lease` is the fence. `attempts` counts this one."""

    id: int
    provider: str
    attempts: int
    subject: Subject
    lease: uuid.UUID


@dataclass(frozen=True, slots=True)
class Result:
    """How one look-up ended: DONE, SKIPPED or FAILED for good, or PENDING where it is to be made again."""

    claim: Claim
    state: RunState
    answer: Answer = field(default_factory=dict)
    error: str = ""
    wait_seconds: float = 0.0
    is_no_attempt: bool = False


def visible_enrichments(actor: Actor, incident: Incident) -> QuerySet[EnrichmentRun]:
    """What was found out about an incident, for those who may know: not its reporter, who may be hiding."""
    if not access.decide(actor, "enrichments", "list").is_for_all_rows:
        return EnrichmentRun.objects.none()
    return EnrichmentRun.objects.filter(incident=incident)


@transaction.atomic
def ask_enrichment(*, actor: Actor, incident: Incident) -> Incident:
    """Has every provider look again; what they answered before stays until they have.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, enrichments.transition. NotFound: it is gone.
    """
    access.require(actor, "enrichments", "transition")
    incident = lock_incident(actor, incident, action="update")
    request_enrichment(incident)
    log_incident(actor=actor, verb="incident.enrichment_asked", incident=incident)
    return incident


def take_back_lost() -> int:
    """Frees the rows whose worker did not come back in time; how many."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, {"now": clock.now()})
        return int(cursor.rowcount)


@transaction.atomic
def claim_runs(wanted: Mapping[str, int]) -> list[Claim]:
    """Leases what is due, of each provider at most so many. What somebody else holds at the moment is left to them."""
    lease, now = uuid.uuid4(), clock.now()
    rows = json.dumps([{"provider": name, "most": most} for name, most in wanted.items() if most > 0])
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"wanted": rows, "now": now})
        claims = [
            Claim(pk, provider, attempts + 1, Subject(incident, ip or "", latitude, longitude), lease)
            for pk, provider, attempts, incident, ip, latitude, longitude in cursor.fetchall()
        ]
        if claims:
            runs = [claim.id for claim in claims]
            cursor.execute(LEASE, {"lease": lease, "now": now, "until": now + LEASE_TERM, "runs": runs})
    incidents = {claim.subject.id for claim in claims}
    Incident.objects.filter(pk__in=incidents, enrichment=EnrichmentState.NEW).update(
        enrichment=EnrichmentState.ENRICHING
    )
    return claims


@transaction.atomic
def finish_runs(results: Sequence[Result]) -> int:
    """Writes results whose lease still holds, and what they come to for their incidents; how many were written."""
    incidents = sorted({result.claim.subject.id for result in results})
    locked = Incident.objects.filter(pk__in=incidents).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(FINISH, {"rows": json.dumps([_row(result) for result in results]), "now": clock.now()})
        written = [pk for (pk,) in cursor.fetchall()]
    settle_incidents(sorted(set(written)))
    return len(written)


def wait_seconds(attempts: int, *, jitter: float) -> float:
    """How long to wait after a failed attempt: 30 seconds, a minute, two … 15 minutes. `jitter` is 0 to 1; the wait is
    between half and the whole, so that failures of one moment do not return together."""
    longest = min(SHORTEST_WAIT_SECONDS * 2.0 ** (attempts - 1), LONGEST_WAIT_SECONDS)
    return longest * (0.5 + 0.5 * jitter)


def fail_or_retry(
    claim: Claim, reason: str, *, is_permanent: bool = False, after_seconds: float | None = None
) -> Result:
    """The result of an attempt that failed: another one later, unless that makes no sense or there were enough."""
    if is_permanent or claim.attempts >= MAX_ATTEMPTS:
        return Result(claim, RunState.FAILED, error=reason)
    wait = wait_seconds(claim.attempts, jitter=random.random())  # noqa: S311 - spreads load, keeps no secret
    return Result(claim, RunState.PENDING, error=reason, wait_seconds=max(wait, after_seconds or 0.0))


def _row(result: Result) -> dict[str, Any]:
    return {
        "id": result.claim.id,
        "lease": str(result.claim.lease),
        "state": result.state,
        "answer": result.answer,
        "error": result.error[:500],
        "refund": int(result.is_no_attempt),
        "wait": result.wait_seconds,
    }
