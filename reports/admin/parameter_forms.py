"""A form for a kind's parameters, made from its serializer: labels, help texts and choices are written once.

The fields only collect: what is right is said by the serializer, and what it refuses is shown beside the field.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from rest_framework import serializers
from rest_framework.fields import empty

from reports.kinds.contract import Kind
from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.services.projects import visible_projects

PREFIX = "parameters."
LONGEST_TEXT = 1_000
MOST_OFFERED = 500
MOST_CHOICES = 50
EVERYTHING = ("", "All")


class ParameterForm(forms.Form):
    """The parameters of one kind of report. Made by `make_parameter_form`."""

    def read_parameters(self) -> dict[str, Any]:
        """What was filled in; what was left empty takes the kind's default."""
        return {
            name.removeprefix(PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX) and value not in ("", None, [])
        }

    def show_refusal(self, error: DomainError) -> None:
        """Puts what a service refused beside the field at fault."""
        named = [detail for detail in error.details if detail.field in self.fields]
        for detail in named:
            self.add_error(detail.field, detail.message)
        if not named:
            words = [f"{detail.field.removeprefix(PREFIX)}: {detail.message}" for detail in error.details]
            self.add_error(None, words or [error.message])


def make_parameter_form(
    kind: Kind, *, actor: Actor, base: type[ParameterForm] = ParameterForm, values: Mapping[str, Any] | None = None
) -> type[ParameterForm]:
    """A form with a field for each of the kind's parameters, filled with `values` or the kind's defaults."""
    fields = {}
    for name, field in kind.parameters(context={"actor": actor}).fields.items():
        initial = (values or {}).get(name, _default_of(field))
        fields[f"{PREFIX}{name}"] = _make_field(name, field, actor, initial)
    # The base's own fields stand below.
    return type(f"{kind.key.title()}Form", (base,), {**fields, "field_order": [*fields]})


def _make_field(name: str, field: Any, actor: Actor, initial: Any) -> forms.Field:
    common: dict[str, Any] = {
        "label": str(field.label or name),
        "help_text": str(field.help_text or ""),
        "required": False,
        "initial": initial,
    }
    if isinstance(field, serializers.MultipleChoiceField):
        boxes = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=list(field.choices.items())[:MOST_CHOICES], widget=boxes, **common)
    if isinstance(field, serializers.ChoiceField):
        return forms.ChoiceField(choices=_offer(field), **common)
    if isinstance(field, serializers.BooleanField):
        return forms.BooleanField(**common)
    if name == "project":
        return forms.ChoiceField(choices=[EVERYTHING, *_offer_projects(actor)], **common)
    return forms.CharField(max_length=LONGEST_TEXT, widget=_make_widget(field), **common)


def _offer(field: Any) -> list[tuple[str, str]]:
    is_open = not field.required and _default_of(field) in (None, "") and "" not in field.choices
    choices = [(str(value), str(label)) for value, label in field.choices.items()]
    return [EVERYTHING, *choices] if is_open else choices


def _offer_projects(actor: Actor) -> Sequence[tuple[str, str]]:
    rows = visible_projects(actor).filter(archived_at=None).order_by("key").values_list("key", "name")
    return [(key, f"{key} · {name}") for key, name in rows[:MOST_OFFERED]]


def _make_widget(field: Any) -> forms.Widget:
    if isinstance(field, serializers.DateField):
        return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    if isinstance(field, serializers.IntegerField | serializers.FloatField | serializers.DecimalField):
        limits = {"min": field.min_value, "max": field.max_value}
        step = "1" if isinstance(field, serializers.IntegerField) else "any"
        attrs = {name: str(value) for name, value in limits.items() if value is not None}
        return forms.NumberInput(attrs={**attrs, "step": step})
    return forms.TextInput()


def _default_of(field: Any) -> Any:
    default = field.default
    return None if default is empty or callable(default) or default is None else field.to_representation(default)
