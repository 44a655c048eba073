"""Mail that came in, to be read: what became of each message, and why of some nothing."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.admin.badges import mail_badge
from incidents.choices import MailOutcome
from incidents.models import MailMessage
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.filters import ChoiceFilter, day_range
from tracker.admin.formats import write_moment
from tracker.row_ids import read_row_id
from tracker.subjects import all_subjects

NOTHING = "–"


class MailOutcomeFilter(ChoiceFilter):
    """What became of it."""

    title = parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[MailMessage]) -> Iterable[tuple[str, str]]:
        """The outcomes."""
        return [(str(value), str(label)) for value, label in MailOutcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MailMessage]) -> QuerySet[MailMessage]:
        """The messages that ended so."""
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(MailMessage)
class MailMessageAdmin(AccessAdmin[MailMessage]):
    """One line for each message. What it said is in what came of it, and in the mailbox."""

    resource = "mail"
    menu = ("Intake", 4)
    page_template = "admin/incidents/mailmessage/page.html"
    live_types = "mail"
    list_display = ("subject_cell", "received_cell", "sender", "state_cell", "thing_cell", "note_cell")
    list_filter = (MailOutcomeFilter, day_range("received_at", "when"))
    ordering = ("-id",)
    search_fields = ("message_id",)
    search_help_text = "A sender's address, or a Message-ID"
    empty_hint = "No mail yet. It is fetched from the mailbox that IMAP_URL names, or taken by ingest_mail."

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailMessage]:
        """With what came of it, as far as a list names it."""
        rows = super().get_queryset(request).select_related("incident", "issue__project")
        return rows.defer(
            "incident__description", "incident__description_html", "incident__attributes", "incident__search",
            "issue__description", "issue__description_html", "issue__search",
        )  # fmt: skip

    def search(self, queryset: QuerySet[MailMessage], term: str) -> QuerySet[MailMessage]:
        """By whom, or which."""
        pk = read_row_id(term)
        if pk is not None:
            return queryset.filter(pk=pk)
        return queryset.filter(message_id=term.strip("<>")) | queryset.filter(sender=term.lower())

    def describe(self, request: HttpRequest, message: MailMessage) -> dict[str, Any]:
        """What the page shows."""
        return {
            "title": message.subject or f"Message {message.pk}",
            "message": message,
            "badge": mail_badge(message.outcome),
            "thing": self._link(request, message),
        }

    @admin.display(description="subject")
    def subject_cell(self, message: MailMessage) -> str:
        """What it says that it is about."""
        return message.subject[:100] or f"Message {message.pk}"

    @admin.display(description="received")
    def received_cell(self, message: MailMessage) -> str:
        """When it was taken."""
        return write_moment(message.received_at)

    @admin.display(description="outcome")
    def state_cell(self, message: MailMessage) -> SafeString:
        """What became of it."""
        return mail_badge(message.outcome)

    @admin.display(description="became")
    def thing_cell(self, message: MailMessage) -> str:
        """Where it went."""
        thing = message.incident or message.issue
        return thing.key if thing is not None else NOTHING

    @admin.display(description="note")
    def note_cell(self, message: MailMessage) -> str:
        """Why."""
        return message.note[:120] or NOTHING

    def _link(self, request: HttpRequest, message: MailMessage) -> SafeString | str:
        thing = message.incident or message.issue
        if thing is None:
            return NOTHING
        subject = all_subjects()[thing._meta.model_name or ""]
        return format_html('<a href="{}">{}</a>', subject.link(actor_of(request), str(thing.pk)), thing.key)
