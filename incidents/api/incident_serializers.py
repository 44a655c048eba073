"""Bodies of the incident endpoints."""

from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from incidents.choices import IncidentStatus, Recovery, Severity
from incidents.models import IncidentCategory
from incidents.services.field_checks import MAX_DESCRIPTION_CHARACTERS, MAX_TITLE_CHARACTERS
from incidents.services.incident_fields import MAX_PLACE_CHARACTERS, incident_fields_of
from tracker.api.multipart import UploadField
from tracker.api.row_fields import PersonField, ProjectKeyField, RowMixin
from tracker.api.serializers import StrictSerializer
from tracker.models import Factory


class CategoryKeyField(RowMixin, serializers.CharField):
    """A category by its key."""

    def find_row(self, text: str) -> IncidentCategory:
        """The category; whether something new may belong to it is for the service to say."""
        category = IncidentCategory.objects.filter(key=text).first()
        if category is None:
            raise serializers.ValidationError("There is no such category.")
        return category


class FactoryIdField(serializers.IntegerField):
    """A factory by its id."""

    def run_validation(self, data: Any = empty) -> Any:
        """The factory; None where null was sent."""
        number = super().run_validation(data)
        if number is None:
            return None
        factory = Factory.objects.filter(pk=number).first()
        if factory is None:
            raise serializers.ValidationError("There is no such factory.")
        return factory


class DegreesField(serializers.FloatField):
    """A coordinate."""

    def to_internal_value(self, data: Any) -> float:
        """The number."""
        try:
            return self.fail("invalid") if isinstance(data, bool) else super().to_internal_value(data)
        except OverflowError:
            self.fail("invalid")


class MomentField(serializers.DateTimeField):
    """A moment that says its time zone: without one nobody knows when it was."""

    default_error_messages = {"naive": "Say the time zone, as in 2026-05-01T12:00:00+02:00."}

    def enforce_timezone(self, value: datetime) -> Any:
        """The moment in UTC."""
        return self.fail("naive") if value.tzinfo is None else super().enforce_timezone(value)


class IncidentChangeSerializer(StrictSerializer):
    """What may be written of an incident; reporters change category and description alone, while it is NEW."""

    is_new = False
    always_allowed: frozenset[str] = frozenset()
    category = CategoryKeyField(max_length=30, required=False, help_text="its key, such as theft")
    title = serializers.CharField(
        max_length=MAX_TITLE_CHARACTERS, required=False, allow_blank=True, help_text="else the description's beginning"
    )
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_CHARACTERS, required=False, allow_blank=True, help_text="Markdown"
    )
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    place = serializers.CharField(max_length=MAX_PLACE_CHARACTERS, required=False, allow_blank=True)
    latitude = DegreesField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = DegreesField(min_value=-180, max_value=180, required=False, allow_null=True)
    factory = FactoryIdField(min_value=1, required=False, allow_null=True, help_text="its id")
    project = ProjectKeyField(max_length=12, required=False, allow_null=True)
    occurred_at = MomentField(required=False, help_text="RFC 3339 with a time zone; now, unless it is said")
    loss_estimate = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    recovery = serializers.ChoiceField(choices=Recovery.choices, required=False)
    assignee = PersonField(max_length=254, required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """The fields that the caller may write."""
        fields = super().get_fields()
        view = self.context.get("view")
        if view is None or getattr(view, "swagger_fake_view", False):
            return fields
        allowed = incident_fields_of(view.actor, is_new=self.is_new) | self.always_allowed
        return {name: field for name, field in fields.items() if name in allowed}


class NewIncidentSerializer(IncidentChangeSerializer):
    """A new incident: a category, and a title or a description. Files come in parts `file` of multipart/form-data."""

    is_new = True
    always_allowed = frozenset({"file"})
    category = CategoryKeyField(max_length=30, help_text="its key, such as theft")
    file = UploadField(required=False)


class IncidentMoveSerializer(StrictSerializer):
    """Where an incident goes: OPEN → TRIAGED → IN_PROGRESS → DONE → OPEN."""

    status = serializers.ChoiceField(choices=IncidentStatus.choices)
