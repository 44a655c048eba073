"""Incidents from somebody's file: new ones are made, known ones told again, set by set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from incidents.choices import EnrichmentState, IncidentLinkKind, IncidentStatus
from incidents.intake.incident_tables import SourceIncident
from incidents.models import Incident, IncidentLink, IncidentSpan
from incidents.rich_text import render_markdown
from incidents.services.enrichment_rows import request_enrichments
from incidents.services.incident_retelling import (
    FIELDS,
    TEXTS,
    KnownNames,
    find_news,
    marks_of,
    read_known_names,
    told_values,
)
from incidents.services.incident_search import refresh_incident_search
from incidents.services.steps import begin_stays, build_stay
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import FieldError
from tracker.services.events import log_event

BATCH_SIZE = 1_000


@dataclass(slots=True)
class IncidentImport:
    """What became of the rows; `made` holds the ids that the source gave to those that are new."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    linked: int = 0
    made: set[str] = field(default_factory=set)


def check_incidents(incidents: Sequence[SourceIncident]) -> tuple[list[SourceIncident], list[FieldError]]:
    """The rows whose category, project and factory there are, and what is wrong with the others."""
    names, good, faults = read_known_names(), [], []
    for told in incidents:
        found = [
            FieldError(name, f"There is no {name} {word!r} here that something new may belong to.", told.line)
            for name, word, known in (
                ("category", told.category, names.categories),
                ("project", told.project.upper(), names.projects),
                ("factory", told.factory, names.factories),
            )
            if word and word not in known
        ]
        faults += found
        if not found:
            good.append(told)
    return good, faults


def import_incidents(
    *,
    actor: Actor,
    incidents: Sequence[SourceIncident],
    source: str,
    is_enriching: bool = False,
    progress: Callable[[int], object] = lambda count: None,
) -> IncidentImport:
    """Takes rows that `check_incidents` found good, BATCH_SIZE in each transaction; told twice is taken once.

    A row is known by source and id. Of a known one those fields are changed that the source changed since and nobody
    changed here; its handling state stays as it is. Rows of one report are linked to its first. Nobody is notified, and
    the log has one line for each batch. What the source tells of the place is enough, unless `is_enriching`.

    Raises:
        PermissionDenied: for maintainers, admins and the system; the table's incidents.transition says who.
    """
    access.require(actor, "incidents", "create")
    access.require(actor, "incidents", "transition")
    names, result = read_known_names(), IncidentImport()
    for start in range(0, len(incidents), BATCH_SIZE):
        batch = incidents[start : start + BATCH_SIZE]
        _take_batch(actor, batch, source, names, result, is_enriching=is_enriching)
        progress(len(batch))
    return result


@transaction.atomic
def _take_batch(
    actor: Actor,
    batch: Sequence[SourceIncident],
    source: str,
    names: KnownNames,
    result: IncidentImport,
    *,
    is_enriching: bool,
) -> None:
    _lock_source(source)
    rows = Incident.objects.filter(source=source, source_id__in=[told.source_id for told in batch])
    locked = rows.select_for_update(no_key=True).order_by("pk").defer("search")
    known = {row.source_id: row for row in locked}
    fresh = [told for told in batch if told.source_id not in known]
    made = _make_incidents(actor, fresh, source, names, is_enriching=is_enriching)
    changed = _retell(actor, known, batch, names)
    result.made.update(row.source_id for row in made)
    linked = _link_reports(actor, batch, source, result.made)
    if is_enriching and (made or changed):
        request_enrichments([row.pk for row in (*made, *changed)])
    result.created += len(made)
    result.updated += len(changed)
    result.unchanged += len(batch) - len(made) - len(changed)
    result.linked += linked
    if made or changed:
        data = {"created": [row.pk for row in made], "updated": [row.pk for row in changed], "linked": linked}
        log_event(actor=actor, verb="incident.imported", object_type="incident_import", object_id=source, data=data)


def _lock_source(source: str) -> None:
    """Two imports of one source wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2711))", [f"incident import {source}"])


def _make_incidents(
    actor: Actor, fresh: Sequence[SourceIncident], source: str, names: KnownNames, *, is_enriching: bool
) -> list[Incident]:
    if not fresh:
        return []
    made = Incident.objects.bulk_create([_build(told, source, names, is_enriching=is_enriching) for told in fresh])
    stays: list[Any] = []
    for row in made:
        if row.done_at is None:
            stays.append(build_stay(row, started_at=row.created_at, by=actor.label))
            continue
        was_open = {"status": IncidentStatus.OPEN, "ended_at": row.done_at}
        stays.append(build_stay(row, started_at=row.created_at, by=actor.label, **was_open))
        stays.append(build_stay(row, started_at=row.done_at, by=actor.label))
    IncidentSpan.objects.bulk_create(stays)
    refresh_incident_search([row.pk for row in made])
    if is_enriching:
        request_enrichments([row.pk for row in made])
    return made


def _build(told: SourceIncident, source: str, names: KnownNames, *, is_enriching: bool) -> Incident:
    values = told_values(told, names)
    is_done = told.status == IncidentStatus.DONE
    return Incident(
        **values,
        description_html=render_markdown(told.description),
        status=told.status,
        done_at=told.reported_at if is_done else None,
        triaged_at=told.reported_at if told.status == IncidentStatus.TRIAGED else None,
        enrichment=EnrichmentState.NEW if is_enriching else EnrichmentState.ENRICHED,
        enriched_at=None if is_enriching else clock.now(),
        reporter_label=told.reporter,
        city=told.city,
        region=told.region,
        country=told.country,
        timezone=told.timezone,
        source=source,
        source_id=told.source_id,
        source_marks=marks_of(values),
        created_at=told.reported_at,
        updated_at=told.reported_at,
    )


def _retell(
    actor: Actor, known: dict[str, Incident], batch: Sequence[SourceIncident], names: KnownNames
) -> list[Incident]:
    noted, changed, reworded = [], [], []
    for told in batch:
        row = known.get(told.source_id)
        values = told_values(told, names) if row is not None else {}
        if row is None or (marks := marks_of(values)) == row.source_marks:
            continue
        news = find_news(row, values, marks)
        row.source_marks = marks
        noted.append(row)
        if news:
            _write_news(row, news)
            changed.append(row)
        if TEXTS & news.keys():
            reworded.append(row.pk)
    Incident.objects.bulk_update(noted, ["source_marks"], batch_size=500)
    Incident.objects.bulk_update(changed, [*FIELDS, "description_html", "updated_at"], batch_size=200)
    begin_stays(changed, at=clock.now(), by=actor.label)
    if reworded:
        refresh_incident_search(reworded)
    return changed


def _write_news(row: Incident, news: Mapping[str, Any]) -> None:
    for name, value in news.items():
        setattr(row, name, value)
    row.updated_at = clock.now()
    if "description" in news:
        row.description_html = render_markdown(row.description)


def _link_reports(actor: Actor, batch: Sequence[SourceIncident], source: str, made: set[str]) -> int:
    """Links rows to the first of their report where either is new; a link that somebody took away stays away."""
    pairs = [(told.source_id, told.first_id) for told in batch if told.first_id]
    pairs = [pair for pair in pairs if made.intersection(pair)]
    wanted = {name for pair in pairs for name in pair}
    ids = dict(Incident.objects.filter(source=source, source_id__in=wanted).values_list("source_id", "pk"))
    links = [
        IncidentLink(
            incident_id=ids[own],
            other_id=ids[first],
            kind=IncidentLinkKind.RELATES,
            created_at=clock.now(),
            created_by=actor.label[:120],
        )
        for own, first in pairs
        if own in ids and first in ids
    ]
    IncidentLink.objects.bulk_create(links, ignore_conflicts=True)
    return len(links)
