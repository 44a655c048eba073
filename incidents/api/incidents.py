"""/v1/incidents: reported, listed, changed, moved and exported."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.incident_filters import IncidentFilterSet
from incidents.api.incident_json import describe_incident, describe_incidents
from incidents.api.incident_serializers import (
    IncidentChangeSerializer,
    IncidentMoveSerializer,
    NewIncidentSerializer,
)
from incidents.api.incident_shapes import IncidentSerializer, IncidentStatsSerializer, WholeIncidentSerializer
from incidents.api.issues import INCLUDE, MAX_FILES, MAX_ROWS_WITH_HTML
from incidents.models import Incident
from incidents.services.incident_exports import export_incidents
from incidents.services.incident_moves import move_incident
from incidents.services.incident_stats import count_incidents
from incidents.services.incidents import (
    Origin,
    delete_incident,
    named_incident,
    update_incident,
    visible_incidents,
)
from incidents.services.issue_search import find_words, search_query_of
from incidents.services.reports_with_files import create_incident_with_files
from tracker.api.csv_exports import CsvExportMixin
from tracker.api.etags import etag_of
from tracker.api.multipart import UploadRules
from tracker.api.permissions import column_of
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.client_address import client_address
from tracker.exceptions import InvalidInput

NEW_INCIDENT = {"application/json": NewIncidentSerializer, "multipart/form-data": NewIncidentSerializer}


@extend_schema_view(list=extend_schema(parameters=[INCLUDE]), retrieve=extend_schema(responses=WholeIncidentSerializer))
class IncidentViewSet(CsvExportMixin, ListMixin, RetrieveMixin, ApiViewSet[Incident]):
    """Incidents by their id or key (INC-12). The page's ids come first, then everything about them in one query."""

    resource = "incidents"
    export_name = "incidents"
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilterSet
    ordering_fields = {"id": "pk", "occurred_at": "occurred_at", "created_at": "created_at", "updated_at": "updated_at"}
    ordering = ("-pk",)
    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    query_params = {"list": ("include",)}
    uploads = {"create": UploadRules(max_files=MAX_FILES)}

    def get_queryset(self) -> "QuerySet[Incident]":
        """The incidents to which the caller may do what the address does."""
        column = column_of(self, self.request.method)
        return visible_incidents(self.actor, column).only("pk", "occurred_at", "created_at", "updated_at")

    def find(self, queryset: "QuerySet[Incident]") -> "QuerySet[Incident]":
        """The incident of this id or key."""
        named = named_incident(self.kwargs["id"])
        return queryset.filter(named) if named else queryset.none()

    def search(self, queryset: "QuerySet[Incident]", words: Sequence[str]) -> "QuerySet[Incident]":
        """Those that have all of the words, as in the back office: `-word` excludes."""
        query = search_query_of(" ".join(words))
        return find_words(queryset, query) if query is not None else queryset.none()

    def represent(self, objects: Sequence[Incident]) -> list[Any]:
        """The incidents of a page."""
        include = self.request.query_params.get("include")
        if include not in (None, "html"):
            raise InvalidInput.of_field("include", "Name html or leave it out.")
        if include and len(objects) > MAX_ROWS_WITH_HTML:
            raise InvalidInput.of_field("include", f"Ask for up to {MAX_ROWS_WITH_HTML} rows (limit) with their HTML.")
        return describe_incidents(self.actor, [incident.pk for incident in objects], include_html=bool(include))

    def respond(self, instance: Incident, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """One incident, whole, with its ETag."""
        told = describe_incident(self.actor, instance.pk)
        return Response(told, status=status, headers={"ETag": etag_of(told.values()), **(headers or {})})

    def etag(self, instance: Incident) -> str:
        """The version of everything that the answer shows."""
        return etag_of(describe_incident(self.actor, instance.pk).values())

    @extend_schema(request=NEW_INCIDENT, responses={201: WholeIncidentSerializer})
    def create(self, request: Request) -> Response:
        """Reports an incident; a token does it in the name of its owner, and its address is nobody's place."""
        values = self.valid(NewIncidentSerializer)
        uploads = values.pop("file", ())
        origin = Origin(ip="" if self.actor.token_id is not None else client_address(request._request))
        incident = create_incident_with_files(actor=self.actor, values=values, uploads=uploads, origin=origin)
        return self.respond(incident, status=201, headers={"Location": f"/v1/incidents/{incident.pk}"})

    @extend_schema(request=IncidentChangeSerializer, responses=WholeIncidentSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        """Changes fields; reporters write category and description of their own incidents, while these are NEW."""
        incident = self.get_object()
        changes = self.change(IncidentChangeSerializer)
        return self.respond(update_incident(actor=self.actor, incident=incident, changes=changes))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """Deletes an incident with its comments and files."""
        delete_incident(actor=self.actor, incident=self.get_object())
        return Response(status=204)

    @extend_schema(request=IncidentMoveSerializer, responses=WholeIncidentSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def transition(self, request: Request, id: str) -> Response:
        """Moves an incident along OPEN → TRIAGED → IN_PROGRESS → DONE, or reopens it."""
        values = self.valid(IncidentMoveSerializer)
        return self.respond(move_incident(actor=self.actor, incident=self.get_object(), **values))

    @extend_schema(responses=IncidentStatsSerializer, filters=False)
    @action(detail=False, methods=["get"], access="list", pagination_class=None)
    def stats(self, request: Request) -> Response:
        """Figures of all incidents that the caller may see."""
        return Response(asdict(count_incidents(actor=self.actor)))

    def export_rows(self, rows: Any) -> Iterator[bytes]:
        """Incidents as CSV."""
        return export_incidents(actor=self.actor, incidents=rows)
