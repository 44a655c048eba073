"""The shapes of answers about incidents, for the OpenAPI document; incidents/api/incident_json.py makes them."""

from typing import Any

from rest_framework import serializers

from incidents.api.issue_shapes import SeverityCountsSerializer, StatusCountsSerializer
from incidents.choices import EnrichmentState, IncidentStatus, Recovery, Severity

STAFF = "maintainers, admins and their tokens that read"


class IncidentSerializer(serializers.Serializer[Any]):
    """An incident in a list. What is `required: false` is left out for reporters, who see their own alone."""

    id = serializers.IntegerField()
    key = serializers.CharField(help_text="such as INC-12")
    category = serializers.CharField(help_text="the key of a category")
    title = serializers.CharField()
    description = serializers.CharField()
    description_html = serializers.CharField(required=False, help_text="in a list with include=html")
    severity = serializers.ChoiceField(choices=Severity.choices)
    status = serializers.ChoiceField(choices=IncidentStatus.choices)
    enrichment = serializers.ChoiceField(choices=EnrichmentState.choices)
    recovery = serializers.ChoiceField(choices=Recovery.choices)
    place = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    nearest_place = serializers.CharField(help_text="found from the coordinates")
    timezone = serializers.CharField(help_text="found from the coordinates")
    factory = serializers.IntegerField(allow_null=True, help_text="id")
    project = serializers.CharField(allow_null=True, help_text="key")
    reporter = serializers.EmailField(allow_null=True)
    reporter_label = serializers.CharField(help_text="who reported it, where that is nobody with an account")
    assignee_name = serializers.CharField(allow_null=True)
    loss_estimate = serializers.FloatField(allow_null=True)
    occurred_at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField(help_text="the same as reported_at")
    updated_at = serializers.DateTimeField()
    triaged_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    enriched_at = serializers.DateTimeField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    source_id = serializers.CharField()
    assignee = serializers.EmailField(required=False, allow_null=True, help_text=STAFF)
    ip = serializers.IPAddressField(required=False, allow_null=True, help_text=STAFF)
    city = serializers.CharField(required=False, help_text=STAFF)
    region = serializers.CharField(required=False, help_text=STAFF)
    country = serializers.CharField(required=False, help_text=STAFF)
    attributes = serializers.DictField(required=False, help_text=STAFF)


class WholeIncidentSerializer(IncidentSerializer):
    """One incident."""

    description_html = serializers.CharField()
    comment_count = serializers.IntegerField()
    attachment_count = serializers.IntegerField()


class EnrichmentCountsSerializer(serializers.Serializer[Any]):
    """How many in each state of enrichment."""

    NEW = serializers.IntegerField()
    ENRICHING = serializers.IntegerField()
    ENRICHED = serializers.IntegerField()
    FAILED = serializers.IntegerField()


class IncidentStatsSerializer(serializers.Serializer[Any]):
    """Figures of all incidents that the caller may see."""

    total_incidents = serializers.IntegerField()
    open_incidents = serializers.IntegerField()
    status_breakdown = StatusCountsSerializer()
    severity_breakdown = SeverityCountsSerializer()
    enrichment_breakdown = EnrichmentCountsSerializer()
    category_breakdown = serializers.DictField(child=serializers.IntegerField(), help_text="by the keys of categories")
