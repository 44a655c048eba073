"""Ticket statuses: what each sender's word means to the clocks."""

from django.contrib import admin
from django.utils.safestring import SafeString

from incidents.models import TicketStatus
from tracker.admin.base import AccessAdmin
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

    @admin.display(description="state")
    def state_cell(self, status: TicketStatus) -> SafeString:
        """Whether a person has looked at it."""
        return render_badge("Guessed, please check", "alert") if status.is_guessed else render_badge("Checked", "ok")

    @admin.display(description="first seen")
    def created_cell(self, status: TicketStatus) -> str:
        """When a sender first used it."""
        return write_moment(status.created_at)
