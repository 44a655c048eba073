"""Factories, and what they make."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import write_moment
from tracker.admin.production_page import ProductionPages, show_last
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
class FactoryAdmin(ProductionPages, AccessAdmin[Factory]):
    """Where things happen and are made."""

    resource = "factories"
    menu = ("Work", 5)
    form = FactoryForm
    list_display = ("name", "place", "timezone", "points_cell", "last_cell", "created_cell")
    search_fields = ("name", "place")
    ordering = ("name",)
    readonly_fields = ("created_cell",)
    change_form_template = "admin/tracker/factory/change_form.html"
    empty_hint = "No factory yet. Issues can name the one they happened at."

    def get_urls(self) -> list[Any]:
        """With the page of what it makes."""
        return [self.page_url("production", self.production_view), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, with the chart of what it made last."""
        factory = self.get_object(request, object_id) if self.is_allowed(request, "read") else None
        shown = show_last(request, factory) if factory is not None else {}
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

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

    @admin.display(description="points")
    def points_cell(self, factory: Factory) -> str:
        """How much is known of what it makes."""
        return f"{factory.points_count:,}" if factory.points_count else "–"

    @admin.display(description="last point")
    def last_cell(self, factory: Factory) -> str:
        """Up to when that is known."""
        return write_moment(factory.last_point_at)
