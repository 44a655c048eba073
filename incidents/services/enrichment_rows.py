"""The rows of what is to be found out about an incident, and what they come to for the incident itself.

Whoever writes an incident's rows holds the incident's row first, so that two who end its last two rows at the same time
see each other.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef

from incidents import enrichment
from incidents.choices import EnrichmentState, RunState
from incidents.enrichment.facts import gather_facts
from incidents.models import EnrichmentRun, Incident
from incidents.services.incident_news import log_incident
from incidents.tasks import ENRICH, ring
from tracker import clock
from tracker.access import Actor

ACTOR = Actor.system("enrich")
UNFINISHED = (RunState.PENDING, RunState.RUNNING)
TOLD_BY_SOURCES = ("city", "region", "country", "timezone")
# A row that was there is asked anew: whoever works on it finds its lease gone. What it answered before stays meanwhile.
REQUEST = """
INSERT INTO incidents_enrichmentrun (incident_id, provider, state, answer, error, attempts, next_attempt_at)
SELECT i.id, p.name, 'pending', '{}', '', 0, %(now)s
  FROM unnest(%(incidents)s::bigint[]) i(id), unnest(%(providers)s::text[]) p(name)
ON CONFLICT (incident_id, provider) DO UPDATE
   SET state = 'pending', error = '', attempts = 0, next_attempt_at = %(now)s, lease = NULL, leased_until = NULL,
       started_at = NULL, finished_at = NULL
"""


def request_enrichment(incident: Incident) -> None:
    """Has the incident enriched once the running transaction commits, whatever was found out before."""
    request_enrichments([incident.pk])


def request_enrichments(incident_ids: Sequence[int]) -> None:
    """Has incidents enriched once the running transaction commits, in which they were written or are locked."""
    values: dict[str, Any] = {"incidents": list(incident_ids), "providers": providers_in_use(), "now": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute(REQUEST, values)
    ended = (EnrichmentState.ENRICHED, EnrichmentState.FAILED)
    Incident.objects.filter(pk__in=incident_ids, enrichment__in=ended).update(enrichment=EnrichmentState.ENRICHING)
    ring(ENRICH)


def providers_in_use() -> list[str]:
    """The names of those that are asked: all that answer offline, and the outside one where it is switched on."""
    return [*enrichment.LOCAL, *(enrichment.REMOTE if settings.ENRICHMENT_URL else ())]


def settle_incidents(incident_ids: Iterable[int]) -> int:
    """Writes what the rows of these incidents (locked by the caller) come to; answers how many are through."""
    rows: dict[int, list[EnrichmentRun]] = {pk: [] for pk in incident_ids}
    for run in EnrichmentRun.objects.filter(incident__in=rows):
        rows[run.incident_id].append(run)
    through = [pk for pk, runs in rows.items() if runs and not any(run.state in UNFINISHED for run in runs)]
    incidents = Incident.objects.in_bulk(through)
    for incident in incidents.values():
        _settle(incident, rows[incident.pk])
    return len(incidents)


def mend_stuck(*, limit: int = 2000) -> int:
    """Incidents that wait although no row of theirs does: rows are made, or what they came to is written. That heals
    what came in past the services; answers how many were mended."""
    waiting = Incident.objects.filter(enrichment__in=(EnrichmentState.NEW, EnrichmentState.ENRICHING))
    unfinished = EnrichmentRun.objects.filter(incident=OuterRef("pk"), state__in=UNFINISHED)
    stuck = waiting.filter(~Exists(unfinished)).order_by("pk")
    ids = list(stuck.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:limit])
    has_rows = set(EnrichmentRun.objects.filter(incident__in=ids).values_list("incident", flat=True))
    settle_incidents(sorted(has_rows))
    if missing := [pk for pk in ids if pk not in has_rows]:
        request_enrichments(missing)
    return len(ids)


def _settle(incident: Incident, runs: Sequence[EnrichmentRun]) -> None:
    # A provider that failed leaves standing what it answered before.
    facts = gather_facts({run.provider: run.answer for run in runs if run.state != RunState.SKIPPED})
    failed = sorted(run.provider for run in runs if run.state == RunState.FAILED)
    state = EnrichmentState.FAILED if failed else EnrichmentState.ENRICHED
    before = {name: getattr(incident, name) for name in facts}
    if incident.source:
        # What its source told of the place stands; the blanks are filled.
        facts |= {name: before[name] for name in TOLD_BY_SOURCES if before[name]}
    changes: dict[str, Any] = {**facts, "enrichment": state, "enriched_at": clock.now()}
    Incident.objects.filter(pk=incident.pk).update(**changes)
    changed = [name for name, value in facts.items() if value != before[name]]
    log_incident(
        actor=ACTOR,
        verb="incident.enrichment_failed" if failed else "incident.enriched",
        incident=incident,
        before={name: before[name] for name in changed},
        after={name: facts[name] for name in changed},
        # Their names alone: why one failed is for staff, and whoever reported it may listen.
        data={"failed": failed} if failed else {},
    )
