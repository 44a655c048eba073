"""One incident's page: what happened, where it stands, what was found out, and what people do about it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from incidents.admin.hook_signals import describe_signals
from incidents.admin.incident_bonds import IncidentBonds
from incidents.admin.incident_enrichment import IncidentEnrichment, describe_enrichments, enrichment_badge
from incidents.admin.incident_forms import (
    FIELDS,
    AssignIncidentForm,
    EditIncidentForm,
    IncidentCommentForm,
    NewIncidentForm,
)
from incidents.admin.incident_timeline import read_incident_timeline
from incidents.admin.table_export import TableExport
from incidents.admin.talk import TalkPage
from incidents.admin.timeline import Timeline
from incidents.models import Attachment, Comment, Incident
from incidents.services.comments import comment_on_incident
from incidents.services.incident_exports import export_incidents
from incidents.services.incident_moves import move_incident
from incidents.services.incidents import Origin, create_incident, delete_incident, update_incident
from tracker.access import Actor, may
from tracker.admin.base import actor_of
from tracker.row_ids import read_row_id

HEAVY = ("search", "reporter__password", "assignee__password")


class IncidentPage(TalkPage[Incident], IncidentBonds, IncidentEnrichment, TableExport[Incident]):
    """The part of the incidents' admin that is about one incident."""

    resource = "incidents"
    page_template = "admin/incidents/incident/page.html"
    owner_field = "reporter"
    form = NewIncidentForm
    fields = (*FIELDS[:5], "reporter_label", *FIELDS[5:])
    assign_form = AssignIncidentForm
    comment_form = IncidentCommentForm

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Incident | None:
        """The incident with all that its page names."""
        related = ("category", "factory", "project", "reporter", "assignee")
        rows = super().get_queryset(request).select_related(*related).defer(*HEAVY)
        return rows.filter(pk=read_row_id(object_id) or 0).first()

    def describe(self, request: HttpRequest, incident: Incident) -> dict[str, Any]:
        """What the page shows."""
        actor = actor_of(request)
        return {
            **self.describe_work(request, incident),
            **self.describe_talk(request, incident),
            **self.describe_bonds(actor, incident),
            "incident": incident,
            "place_time": _write_place_time(incident),
            "coordinates": _write_coordinates(incident),
            "files_hint": "The reporter sees these files.",
            "enrichment_badge": enrichment_badge(incident.enrichment),
            "enrichments": describe_enrichments(incident),
            "signals": describe_signals(incident) if may(actor, "hooks", "read") else [],
        }

    def edit_form(self, row: Incident, data: Any = None) -> EditIncidentForm:
        """Every field that people write."""
        return EditIncidentForm(data, incident=row)

    def update_row(self, *, actor: Actor, row: Incident, changes: Mapping[str, Any]) -> Incident:
        """Changes fields."""
        return update_incident(actor=actor, incident=row, changes=changes)

    def move_row(self, *, actor: Actor, row: Incident, status: str) -> Incident:
        """Moves the incident."""
        return move_incident(actor=actor, incident=row, status=status)

    def add_comment(self, *, actor: Actor, row: Incident, **values: Any) -> Comment:
        """Adds a comment, internal or not."""
        return comment_on_incident(actor=actor, incident=row, **values)

    def read_timeline(
        self, actor: Actor, row: Incident, files: Sequence[Attachment], *, before: datetime | None
    ) -> Timeline:
        """The incident's story with that of what it is linked with."""
        return read_incident_timeline(actor, row, before, files=files)

    def export_rows(self, *, actor: Actor, rows: QuerySet[Incident]) -> Iterator[bytes]:
        """Incidents as CSV."""
        return export_incidents(actor=actor, incidents=rows)

    def save_model(self, request: HttpRequest, obj: Incident, form: Any, change: bool) -> None:
        """Makes a new incident."""
        if change:
            raise PermissionDenied
        values = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
        origin = Origin(reporter_label=values.pop("reporter_label", ""))
        obj.pk = create_incident(actor=actor_of(request), values=values, origin=origin).pk

    def response_add(self, request: HttpRequest, obj: Incident, post_url_continue: str | None = None) -> HttpResponse:
        """On to the new incident's page."""
        messages.success(request, f"{obj.key} is open.")
        return HttpResponseRedirect(self.object_url(obj))

    def delete_model(self, request: HttpRequest, obj: Incident) -> None:
        """Deletes through the service."""
        delete_incident(actor=actor_of(request), incident=obj)


def _write_coordinates(incident: Incident) -> str:
    """Degrees to about a metre."""
    if incident.latitude is None or incident.longitude is None:
        return ""
    return f"{round(incident.latitude, 5)}, {round(incident.longitude, 5)}"


def _write_place_time(incident: Incident) -> str:
    """When it happened on the clocks of its place, where that is known and not the reader's own."""
    name = incident.timezone or (incident.factory.timezone if incident.factory else "")
    if not name or name == timezone.get_current_timezone_name():
        return ""
    try:
        return f"{incident.occurred_at.astimezone(ZoneInfo(name)):%a %d %b, %H:%M}"
    except (ZoneInfoNotFoundError, ValueError):
        return ""
