"""Bodies of the ticket endpoints, and the shapes of their answers for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from incidents.choices import AlertState, Category, ClockKind, ClockState, ForecastLikeness, SLAState, Verdict
from incidents.intake.ticket_events import MAX_ATTRIBUTES_BYTES
from incidents.models import Comment
from incidents.services.tickets import MAX_COMMENT_CHARACTERS
from tracker.api.serializers import StrictSerializer

RECEIPTS = ("created", "updated", "unchanged", "late", "refused")


class TicketEventSerializer(serializers.Serializer[Any]):
    """One event as a sender tells it. Documents incidents/intake/ticket_events.py, which reads the body."""

    id = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9._:@+~-]{0,127}$")
    priority = serializers.CharField(max_length=40)
    created_at = serializers.DateTimeField(help_text="RFC 3339 with a time zone")
    updated_at = serializers.DateTimeField(help_text="RFC 3339 with a time zone")
    status = serializers.CharField(max_length=60)
    customer_tier = serializers.CharField(max_length=40)
    sequence = serializers.IntegerField(required=False, allow_null=True, help_text="orders events of one moment")
    title = serializers.CharField(max_length=300, required=False, allow_null=True)
    description = serializers.CharField(max_length=20_000, required=False, allow_null=True)
    url = serializers.CharField(max_length=2000, required=False, allow_null=True)
    project = serializers.CharField(max_length=12, required=False, allow_null=True)
    assignee = serializers.CharField(max_length=200, required=False, allow_null=True)
    attributes = serializers.DictField(required=False, allow_null=True, help_text=f"≤ {MAX_ATTRIBUTES_BYTES} bytes")


class ClockSerializer(serializers.Serializer[Any]):
    """Where one clock stands now."""

    state = serializers.ChoiceField(choices=SLAState.choices)
    clock = serializers.ChoiceField(choices=ClockState.choices)
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_null=True)
    cycle = serializers.IntegerField()
    target_minutes = serializers.FloatField()
    elapsed_minutes = serializers.FloatField()
    remaining_minutes = serializers.FloatField()
    percent_used = serializers.FloatField()
    started_at = serializers.DateTimeField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    policy_version = serializers.IntegerField()


class SLASerializer(serializers.Serializer[Any]):
    """The ticket's SLA: null where nothing is promised."""

    state = serializers.ChoiceField(choices=SLAState.choices)
    due_at = serializers.DateTimeField(allow_null=True)
    response = ClockSerializer(allow_null=True)
    resolution = ClockSerializer(allow_null=True)


class ReceiptSerializer(serializers.Serializer[Any]):
    """What became of one event, with its ticket as it stands now; a refused one has `index` and `error` instead."""

    id = serializers.CharField()
    priority = serializers.CharField()
    customer_tier = serializers.CharField()
    status = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    escalation_level = serializers.IntegerField()
    sla = SLASerializer()
    receipt = serializers.ChoiceField(choices=RECEIPTS)


class HistorySerializer(serializers.Serializer[Any]):
    """One event of a ticket's history."""

    status = serializers.CharField()
    priority = serializers.CharField()
    customer_tier = serializers.CharField()
    updated_at = serializers.DateTimeField()
    sequence = serializers.IntegerField(allow_null=True)
    received_at = serializers.DateTimeField()


class TicketAlertSerializer(serializers.Serializer[Any]):
    """One alert of a ticket."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ClockKind.choices)
    cycle = serializers.IntegerField()
    sla_state = serializers.ChoiceField(choices=SLAState.choices)
    level = serializers.IntegerField()
    state = serializers.ChoiceField(choices=AlertState.choices)
    crossed_at = serializers.DateTimeField()
    fired_at = serializers.DateTimeField()
    details = serializers.DictField()


class ForecastSerializer(serializers.Serializer[Any]):
    """How likely an open ticket breaks a promise that it can still keep; `probability` is null with too few cases."""

    probability = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text="95 %, by Wilson")
    breached = serializers.IntegerField()
    cases = serializers.IntegerField(help_text="like promises that were still open at `percent_used`")
    like = serializers.ChoiceField(choices=ForecastLikeness.choices)
    clock = serializers.ChoiceField(choices=ClockKind.choices)
    percent_used = serializers.IntegerField()
    changed_at = serializers.DateTimeField()


class TicketSerializer(serializers.Serializer[Any]):
    """A ticket."""

    id = serializers.CharField()
    priority = serializers.CharField()
    customer_tier = serializers.CharField()
    status = serializers.CharField()
    category = serializers.ChoiceField(choices=Category.choices)
    title = serializers.CharField()
    description = serializers.CharField()
    url = serializers.CharField()
    project = serializers.CharField(allow_null=True)
    assignee = serializers.CharField(allow_null=True)
    sender_assignee = serializers.CharField()
    attributes = serializers.DictField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    sequence = serializers.IntegerField(allow_null=True)
    received_at = serializers.DateTimeField()
    is_open = serializers.BooleanField()
    escalation_level = serializers.IntegerField()
    sla = SLASerializer()
    history = HistorySerializer(many=True, required=False)
    alerts = TicketAlertSerializer(many=True, required=False)
    forecast = ForecastSerializer(required=False, allow_null=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    """The ledgers of a ticket's clocks."""

    id = serializers.CharField()
    clocks = serializers.ListField(child=serializers.DictField())


class AssignSerializer(StrictSerializer):
    """Whom to give a ticket to."""

    assignee = serializers.EmailField(allow_null=True, help_text="null = nobody")


class TransitionSerializer(StrictSerializer):
    """The status to tell."""

    status = serializers.CharField(max_length=60)


class NewCommentSerializer(StrictSerializer):
    """A comment to be written."""

    body = serializers.CharField(max_length=MAX_COMMENT_CHARACTERS)


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A comment."""

    author = serializers.CharField(source="author.email")

    class Meta:
        model = Comment
        fields = ["id", "author", "body", "created_at"]
