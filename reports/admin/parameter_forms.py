"""The form in which a person says what a report is to be about; its fields come from the kind's serializer."""

from collections.abc import Mapping
from typing import Any

from django import forms

from reports.admin.kind_fields import PREFIX, field_of, make_fields, read_parameters
from reports.kinds.contract import Kind
from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.services.projects import visible_projects

PROJECT = f"{PREFIX}project"
MOST_OFFERED = 500
EVERY_PROJECT = ("", "All")


class ParameterForm(forms.Form):
    """The parameters of one kind of report. Made by `make_parameter_form`."""

    def read_parameters(self) -> dict[str, Any]:
        """What was filled in."""
        return read_parameters(self.cleaned_data)

    def show_refusal(self, error: DomainError) -> None:
        """Puts what a service refused beside the field at fault."""
        for detail in error.details:
            name = detail.field if detail.field in self.fields else field_of(detail.field)
            self.add_error(name if name in self.fields else None, detail.message)
        if not error.details:
            self.add_error(None, error.message)


def make_parameter_form(
    kind: Kind, *, actor: Actor, base: type[ParameterForm] = ParameterForm, values: Mapping[str, Any] | None = None
) -> type[ParameterForm]:
    """A form with a field for each of the kind's parameters, filled with `values` or the kind's defaults, above those
    of `base`. Projects are chosen from those that the actor may know of."""
    fields = make_fields(kind.parameters, values)
    if PROJECT in fields and not isinstance(fields[PROJECT], forms.ChoiceField):
        fields[PROJECT] = _offer_projects(fields[PROJECT], actor)
    return type(f"{kind.key.title()}Form", (base,), {**fields, "field_order": [*fields]})


def _offer_projects(field: forms.Field, actor: Actor) -> forms.Field:
    rows = visible_projects(actor).filter(archived_at=None).order_by("key").values_list("key", "name")[:MOST_OFFERED]
    choices = [(key, f"{key} · {name}") for key, name in rows]
    return forms.ChoiceField(
        choices=choices if field.required else [EVERY_PROJECT, *choices],
        required=field.required,
        label=field.label,
        initial=field.initial,
    )
