"""Serializers that refuse what they do not know: a misspelled or read-only key is an error, never silence."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers

MOST_NAMED_KEYS = 20
M = TypeVar("M", bound=Model)
UNKNOWN = "unknown_or_read_only"


class StrictMixin:
    """Refuses unknown and read-only keys, naming each."""

    fields: Any

    def to_internal_value(self, data: Any) -> Any:
        """The validated values.

        Raises:
            ValidationError: a key that may not be written, or a value that is not allowed.
        """
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            refused = [key for key in data if key not in writable]
            if refused:
                allowed = ", ".join(sorted(writable)) or "none"
                message = f"{UNKNOWN}: keys that may be sent here are {allowed}."
                raise serializers.ValidationError({str(key)[:100]: [message] for key in refused[:MOST_NAMED_KEYS]})
        return super().to_internal_value(data)  # type: ignore[misc]


class StrictSerializer(StrictMixin, serializers.Serializer[Any]):
    """A plain strict serializer."""


class StrictModelSerializer(StrictMixin, serializers.ModelSerializer[M]):
    """A strict serializer of a model; it validates and renders, the services write."""


class EmptySerializer(StrictSerializer):
    """A body without keys, for actions that need nothing more."""
