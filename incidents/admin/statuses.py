"""Ticket statuses: what each sender's word means to the clocks."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from incidents.models import TicketStatus
from incidents.services.statuses import recategorise_status
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge, write_moment


@admin.register(TicketStatus)
class TicketStatusAdmin(AccessAdmin[TicketStatus]):
    """Words and categories, the guessed ones first."""

    resource = "sla_policies"
    menu = ("SLA", 3)
    list_display = ("name", "category", "state_cell", "created_cell")
    list_filter = ("category", "is_guessed")
    search_fields = ("key",)
    ordering = ("-is_guessed", "key")
    fields = ("name", "category", "state_cell", "created_cell")
    readonly_fields = ("name", "state_cell", "created_cell")
    empty_hint = "No status yet. Each word that a sender uses appears here by itself."

    actions = ("confirm_guesses",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: words come from senders."""
        return False

    def save_model(self, request: HttpRequest, obj: TicketStatus, form: Any, change: bool) -> None:
        """Says what the word means; saving the guess confirms it."""
        recategorise_status(actor=actor_of(request), status=obj, category=form.cleaned_data["category"])

    @admin.action(permissions=["change"], description="Confirm what was guessed")
    def confirm_guesses(self, request: HttpRequest, queryset: QuerySet[TicketStatus]) -> HttpResponse | None:
        """Takes the ticked guesses as right."""
        actor = actor_of(request)
        return self.run_for_each(
            request,
            queryset,
            lambda status: recategorise_status(actor=actor, status=status, category=status.category),
            "{count} statuses are checked.",
        )

    @admin.display(description="state")
    def state_cell(self, status: TicketStatus) -> SafeString:
        """Whether a person has looked at it."""
        return render_badge("Guessed, please check", "alert") if status.is_guessed else render_badge("Checked", "ok")

    @admin.display(description="first seen")
    def created_cell(self, status: TicketStatus) -> str:
        """When a sender first used it."""
        return write_moment(status.created_at)
