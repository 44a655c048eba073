"""/v1/sla: the versions of the policy, and the calendars they count by."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.choices import AppliesTo, PolicySource
from incidents.models import Calendar, PolicyVersion
from incidents.services.policy_documents import prefetch_rules
from incidents.services.policy_versions import (
    export_version,
    publish_policy,
    version_in_force,
    visible_calendars,
    visible_versions,
    withdraw_version,
)
from tracker.api.serializers import StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin

EXAMPLE = '{"tiers": {"gold": {"high": {"response": 30, "resolution": 180}}}, "applies_to": "open"}'


class CalendarSerializer(StrictModelSerializer[Calendar]):
    """One version of a calendar; hours of null are round the clock."""

    class Meta:
        model = Calendar
        fields = [
            "id", "name", "version", "timezone", "hours", "holiday_country", "holiday_subdivision", "extra_holidays",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class RuleSerializer(serializers.Serializer[Any]):
    """A promise; null = nothing of that kind is promised."""

    tier = serializers.CharField()
    priority = serializers.CharField()
    response_minutes = serializers.IntegerField(allow_null=True)
    resolution_minutes = serializers.IntegerField(allow_null=True)
    calendar = serializers.CharField(source="calendar.name")
    calendar_id = serializers.IntegerField()
    pauses_when_waiting = serializers.BooleanField()


class StepSerializer(serializers.Serializer[Any]):
    """What happens when a share of the target is used up."""

    percent = serializers.FloatField()
    state = serializers.CharField()
    level = serializers.IntegerField()
    channels = serializers.ListField(child=serializers.CharField())


class PolicyVersionSerializer(StrictModelSerializer[PolicyVersion]):
    """One version of the policy in a list."""

    created_by: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)

    class Meta:
        model = PolicyVersion
        fields = ["number", "effective_at", "applies_to", "source", "note", "digest", "created_by", "created_at"]
        read_only_fields = fields


class WholePolicyVersionSerializer(PolicyVersionSerializer):
    """One version with everything it says; the first rule that matches tier and priority holds."""

    rules = RuleSerializer(many=True, read_only=True)
    thresholds = StepSerializer(many=True, read_only=True, source="steps")
    is_in_force = serializers.SerializerMethodField(help_text="the newest version that is in effect")

    class Meta(PolicyVersionSerializer.Meta):
        fields = [*PolicyVersionSerializer.Meta.fields, "is_in_force", "rules", "thresholds"]
        read_only_fields = fields

    def get_is_in_force(self, version: PolicyVersion) -> bool:
        """Whether new tickets go by it."""
        return version.number == version_in_force().number


class NewPolicySerializer(StrictSerializer):
    """A policy to publish: `policy` is what the SLA file holds, as JSON."""

    policy = serializers.DictField(help_text=EXAMPLE)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class PolicyFilterSet(filters.FilterSet):
    """What a list of versions may be narrowed by."""

    source = filters.ChoiceFilter(choices=PolicySource.choices)
    applies_to = filters.ChoiceFilter(choices=AppliesTo.choices)

    class Meta:
        model = PolicyVersion
        fields: Sequence[str] = ()


class PolicyViewSet(ListMixin, ApiViewSet[PolicyVersion]):
    """Versions by their number."""

    resource = "sla_policies"
    serializer_class = PolicyVersionSerializer
    filterset_class = PolicyFilterSet
    ordering_fields: Mapping[str, str] = {"number": "number", "effective_at": "effective_at"}
    ordering: Sequence[str] = ("-number",)
    lookup_field = "number"

    def get_queryset(self) -> QuerySet[PolicyVersion]:
        """The versions that the caller may know of."""
        return visible_versions(self.actor).select_related("created_by")

    @extend_schema(responses=WholePolicyVersionSerializer)
    def retrieve(self, request: Request, number: str) -> Response:
        """One version with its rules and thresholds."""
        return self._tell(self.get_object())

    @extend_schema(request=NewPolicySerializer, responses={201: WholePolicyVersionSerializer})
    def create(self, request: Request) -> Response:
        """Publishes the next version, whole or not at all. It takes effect at `effective_at`, or at once."""
        given = self.valid(NewPolicySerializer)
        version = publish_policy(
            actor=self.actor, text=json.dumps(given["policy"], ensure_ascii=False), note=given.get("note", "")
        )
        return self._tell(version, status=201, headers={"Location": f"/v1/sla/policies/{version.number}"})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, number: str) -> Response:
        """Takes back a version that is not in effect yet."""
        withdraw_version(actor=self.actor, version=self.get_object())
        return Response(status=204)

    @extend_schema(responses={(200, "application/yaml"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"], access="export")
    def export(self, request: Request, number: str) -> Response:
        """The version as an SLA file."""
        version = self.get_object()
        name = f'attachment; filename="sla-{version.number}.yaml"'
        content = export_version(actor=self.actor, version=version).encode()
        return Response(content, content_type="application/yaml", headers={"Content-Disposition": name})

    def _tell(self, version: PolicyVersion, **options: Any) -> Response:
        whole = visible_versions(self.actor).prefetch_related(prefetch_rules(), "steps").get(pk=version.pk)
        headers = {"ETag": self.etag(whole), **options.pop("headers", {})}
        return Response(WholePolicyVersionSerializer(whole).data, headers=headers, **options)


class CalendarFilterSet(filters.FilterSet):
    """What a list of calendars may be narrowed by."""

    name = filters.CharFilter()

    class Meta:
        model = Calendar
        fields: Sequence[str] = ()


class CalendarViewSet(ListMixin, RetrieveMixin, ApiViewSet[Calendar]):
    """Calendars, every version of each."""

    resource = "sla_policies"
    serializer_class = CalendarSerializer
    filterset_class = CalendarFilterSet
    ordering_fields: Mapping[str, str] = {"name": "name", "created_at": "created_at"}
    ordering: Sequence[str] = ("name", "-version")

    def get_queryset(self) -> QuerySet[Calendar]:
        """The calendars that the caller may know of."""
        return visible_calendars(self.actor)
