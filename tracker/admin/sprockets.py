"""Kinds of sprockets."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import write_moment
from tracker.models import Sprocket
from tracker.services.sprockets import FIELDS, create_sprocket, delete_sprocket, update_sprocket

HELP = {"teeth": "A whole number.", "pitch": "From tooth to tooth.", "name": "What people call it; may be empty."}


class SprocketForm(AccessForm):
    """A name and four measures."""

    class Meta:
        model = Sprocket
        fields = FIELDS
        help_texts = HELP

    def _post_clean(self) -> None:
        """Nothing: the service checks what a sprocket may be."""


@admin.register(Sprocket)
class SprocketAdmin(AccessAdmin[Sprocket]):
    """What factories make."""

    resource = "sprockets"
    menu = ("Work", 6)
    form = SprocketForm
    list_display = ("__str__", "teeth", "pitch_diameter", "outside_diameter", "pitch", "updated_cell")
    search_fields = ("name",)
    ordering = ("id",)
    readonly_fields = ("updated_cell",)
    empty_hint = "No sprocket yet. manage.py import_factories takes them from a file, POST /v1/sprockets one by one."

    def get_fields(self, request: HttpRequest, obj: Sprocket | None = None) -> tuple[str, ...]:
        """A new one has no past."""
        return FIELDS if obj is None else (*FIELDS, "updated_cell")

    def save_model(self, request: HttpRequest, obj: Sprocket, form: Any, change: bool) -> None:
        """Writes through the service."""
        values, actor = {name: form.cleaned_data[name] for name in FIELDS}, actor_of(request)
        if change:
            update_sprocket(actor=actor, sprocket=obj, changes=values)
        else:
            obj.pk = create_sprocket(actor=actor, values=values).pk

    def delete_model(self, request: HttpRequest, obj: Sprocket) -> None:
        """Deletes through the service."""
        delete_sprocket(actor=actor_of(request), sprocket=obj)

    @admin.display(description="changed")
    def updated_cell(self, sprocket: Sprocket) -> str:
        """When it was changed last."""
        return write_moment(sprocket.updated_at)
