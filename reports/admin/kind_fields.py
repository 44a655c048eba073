"""Form fields from the serializer that checks a kind's parameters: what a request may say, people are asked for."""

from collections.abc import Mapping
from typing import Any

from django import forms
from rest_framework import serializers
from rest_framework.fields import empty

# Before the name of each, so that no parameter stands in the way of a field that the page has itself.
PREFIX = "parameter_"
_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def make_fields(
    serializer: type[serializers.Serializer[Any]], initial: Mapping[str, Any] | None = None
) -> dict[str, forms.Field]:
    """A field for each parameter, filled with `initial` or its default. The serializer judges what is sent."""
    given = initial or {}
    fields = {}
    for name, source in serializer().fields.items():
        if source.read_only:
            continue
        field = _make_field(source)
        field.required = source.required and not getattr(source, "allow_blank", False)
        field.label = str(source.label or name.replace("_", " ").capitalize())
        field.help_text = str(source.help_text or "")
        field.initial = given.get(name, _default_of(source))
        fields[PREFIX + name] = field
    return fields


def read_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a form's values name. What was left empty is not said, so that the kind's default holds, also
    when it changes."""
    given = {name.removeprefix(PREFIX): value for name, value in values.items() if name.startswith(PREFIX)}
    return {name: _plain(value) for name, value in given.items() if value not in (None, "", [])}


def field_of(name: str) -> str:
    """The form field in which a service's refusal of `parameters.NAME` belongs."""
    return PREFIX + name.removeprefix("parameters.").partition(".")[0]


def _make_field(source: serializers.Field[Any, Any, Any, Any]) -> forms.Field:
    match source:
        case serializers.BooleanField():
            return forms.BooleanField()
        case serializers.MultipleChoiceField():
            return forms.MultipleChoiceField(choices=_choices(source), widget=forms.CheckboxSelectMultiple)
        case serializers.ChoiceField():
            blank = [("", "–")] if source.allow_blank or source.allow_null else []
            return forms.ChoiceField(choices=[*blank, *_choices(source)])
        case serializers.IntegerField():
            return forms.IntegerField(min_value=source.min_value, max_value=source.max_value)
        case serializers.FloatField() | serializers.DecimalField():
            return forms.FloatField()
        case serializers.DateField():
            return forms.DateField(widget=_DATE)
        case serializers.DateTimeField():
            return forms.CharField(max_length=40, help_text="RFC 3339, such as 2026-05-01T08:00:00Z")
    return forms.CharField(max_length=getattr(source, "max_length", None) or 500)


def _choices(source: serializers.ChoiceField) -> list[tuple[Any, str]]:
    return [(value, str(label)) for value, label in source.choices.items() if value != ""]


def _default_of(source: serializers.Field[Any, Any, Any, Any]) -> Any:
    default = source.default
    return None if default is empty or callable(default) else default


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
