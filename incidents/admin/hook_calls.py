"""Calls of hooks as they came, to be read: nothing that a sender told is lost, whatever became of it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from incidents.admin.badges import call_badge
from incidents.choices import HookOutcome
from incidents.models import Hook, HookCall
from tracker.admin.base import AccessAdmin
from tracker.admin.filters import ChoiceFilter, day_range
from tracker.admin.formats import write_moment
from tracker.row_ids import read_row_id

MOST_HOOKS = 200
SHOWN_CHARACTERS = 100_000


class OutcomeFilter(ChoiceFilter):
    """What became of it."""

    title = parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[HookCall]) -> Iterable[tuple[str, str]]:
        """The outcomes."""
        return [(str(value), str(label)) for value, label in HookOutcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[HookCall]) -> QuerySet[HookCall]:
        """The calls that ended so."""
        return queryset.filter(outcome=self.value()) if self.value() else queryset


class HookFilter(ChoiceFilter):
    """Whose call."""

    title = parameter_name = "hook"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[HookCall]) -> Iterable[tuple[str, str]]:
        """The hooks; there are few."""
        return [(str(pk), name) for pk, name in Hook.objects.order_by("name").values_list("pk", "name")[:MOST_HOOKS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[HookCall]) -> QuerySet[HookCall]:
        """The calls of that hook."""
        return queryset.filter(hook_id=int(self.value() or 0)) if self.value() else queryset


@admin.register(HookCall)
class HookCallAdmin(AccessAdmin[HookCall]):
    """What came in, and what became of it."""

    resource = "hooks"
    menu = ("Intake", 3)
    page_template = "admin/incidents/hookcall/page.html"
    list_display = ("id", "received_cell", "hook", "state_cell", "taken", "note_cell")
    list_select_related = ("hook",)
    list_filter = (OutcomeFilter, HookFilter, day_range("received_at", "when"))
    ordering = ("-id",)
    search_fields = ("delivery_id",)
    search_help_text = "A call's number, or its sender's delivery id"
    empty_hint = "No call yet. Each one is kept here for 30 days as it came."

    def get_queryset(self, request: HttpRequest) -> QuerySet[HookCall]:
        """With the hook's name, and without its secrets."""
        rows = super().get_queryset(request).select_related("hook").defer("hook__secret", "hook__digest")
        is_list = bool(request.resolver_match and request.resolver_match.url_name == "incidents_hookcall_changelist")
        return rows.defer("hook__secret", "hook__digest", "body", "headers") if is_list else rows

    def search(self, queryset: QuerySet[HookCall], term: str) -> QuerySet[HookCall]:
        """By its own number, or the sender's."""
        pk = read_row_id(term)
        found = queryset.filter(delivery_id=term)
        return found | queryset.filter(pk=pk) if pk is not None else found

    def describe(self, request: HttpRequest, call: HookCall) -> dict[str, Any]:
        """What the page shows; a body is text and nothing else."""
        return {
            "title": f"Call {call.pk} of {call.hook}",
            "call": call,
            "badge": call_badge(call.outcome),
            "body": call.body[:SHOWN_CHARACTERS],
            "is_cut": len(call.body) > SHOWN_CHARACTERS,
            "headers": sorted(call.headers.items()),
        }

    @admin.display(description="received")
    def received_cell(self, call: HookCall) -> str:
        """When it came."""
        return write_moment(call.received_at)

    @admin.display(description="outcome")
    def state_cell(self, call: HookCall) -> SafeString:
        """What became of it."""
        return call_badge(call.outcome)

    @admin.display(description="note")
    def note_cell(self, call: HookCall) -> str:
        """Why."""
        return call.note[:120] or "–"
