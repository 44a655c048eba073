"""/v1/incidents/{id}/enrichments: what Tracker found out about an incident; /v1/incidents/{id}/enrich: look anew.

For staff alone: who reported something is not told what an address gives away, nor which other reports are like theirs.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import enrichment
from incidents.choices import EnrichmentState, RunState
from incidents.models import EnrichmentRun, Incident
from incidents.services.enrichments import ask_enrichment, visible_enrichments
from incidents.services.incidents import find_incident
from tracker.access import Actor
from tracker.api.serializers import EmptySerializer, StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiView, ApiViewSet, ListMixin
from tracker.exceptions import NotFound

INCIDENT = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Id or key (INC-12) of the incident.")


class EnrichmentSerializer(StrictModelSerializer[EnrichmentRun]):
    """One provider's work on the incident. `answer` is its latest one, `error` why it failed or had nothing to do."""

    provider_label = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=RunState.choices)
    answer = serializers.DictField()

    class Meta:
        model = EnrichmentRun
        fields = [
            "provider", "provider_label", "state", "answer", "error", "attempts", "next_attempt_at", "started_at",
            "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_provider_label(self, run: EnrichmentRun) -> str:
        """What people call the provider."""
        return enrichment.LABELS.get(run.provider, run.provider)


class IncidentEnrichmentSerializer(StrictSerializer):
    """How far the incident is."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    enrichment = serializers.ChoiceField(choices=EnrichmentState.choices)


@extend_schema_view(list=extend_schema(parameters=[INCIDENT]))
class EnrichmentViewSet(ListMixin, ApiViewSet[EnrichmentRun]):
    """What was found out about an incident, provider by provider."""

    resource = "enrichments"
    serializer_class = EnrichmentSerializer
    ordering: Sequence[str] = ("pk",)
    http_method_names = ["get", "head", "options"]

    def get_queryset(self) -> "QuerySet[EnrichmentRun]":
        """The rows of the incident."""
        if getattr(self, "swagger_fake_view", False):
            return EnrichmentRun.objects.none()
        return visible_enrichments(self.actor, find_named(self.actor, self.kwargs["id"]))


class EnrichView(ApiView):
    """Has every provider look again."""

    resource = "enrichments"
    access = "transition"

    @extend_schema(parameters=[INCIDENT], request=EmptySerializer, responses={202: IncidentEnrichmentSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Asks for it; a worker does it. What is known stays until it is known anew."""
        self.valid(EmptySerializer)
        incident = ask_enrichment(actor=self.actor, incident=find_named(self.actor, id))
        return Response(describe_state(incident), status=202)


def find_named(actor: Actor, name: str) -> Incident:
    """The incident that an address names.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    incident = find_incident(actor, name)
    if incident is None:
        raise NotFound.unseen()
    return incident


def describe_state(incident: Incident) -> dict[str, Any]:
    """How far the incident is, as it stands in the database."""
    incident.refresh_from_db(fields=["enrichment"])
    return {"id": incident.pk, "key": incident.key, "enrichment": incident.enrichment}
