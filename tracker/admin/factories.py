"""Factories."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import write_moment
from tracker.models import Factory
from tracker.services.factories import FIELDS, create_factory, delete_factory, update_factory


class FactoryForm(AccessForm):
    """Name, place and time zone."""

    class Meta:
        model = Factory
        fields = FIELDS

    def _post_clean(self) -> None:
        """Nothing: the service checks what a factory may be."""


@admin.register(Factory)
class FactoryAdmin(AccessAdmin[Factory]):
    """Where things happen."""

    resource = "factories"
    menu = ("People", 4)
    form = FactoryForm
    list_display = ("name", "place", "timezone", "created_cell")
    search_fields = ("name", "place")
    ordering = ("name",)
    readonly_fields = ("created_cell",)
    empty_hint = "No factory yet. Issues can name the one they happened at."

    def get_fields(self, request: HttpRequest, obj: Factory | None = None) -> tuple[str, ...]:
        """A new one has no past."""
        return FIELDS if obj is None else (*FIELDS, "created_cell")

    def save_model(self, request: HttpRequest, obj: Factory, form: Any, change: bool) -> None:
        """Writes through the service."""
        values, actor = form.cleaned_data, actor_of(request)
        if change:
            update_factory(actor=actor, factory=obj, changes={name: values[name] for name in FIELDS})
        else:
            obj.pk = create_factory(actor=actor, **{name: values[name] for name in FIELDS}).pk

    def delete_model(self, request: HttpRequest, obj: Factory) -> None:
        """Deletes through the service."""
        delete_factory(actor=actor_of(request), factory=obj)

    @admin.display(description="created")
    def created_cell(self, factory: Factory) -> str:
        """Since when it is there."""
        return write_moment(factory.created_at)
