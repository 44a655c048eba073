"""The log, to be read and never to be written."""

from collections.abc import Iterable

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin
from tracker.admin.filters import ChoiceFilter, day_range
from tracker.admin.formats import write_moment
from tracker.models import Event

VERBS = {
    "issue": (
        "created", "updated", "moved", "commented", "comment_edited", "comment_deleted", "file_added", "file_removed",
        "linked", "unlinked", "merged", "watched", "unwatched", "imported", "deleted",
    ),
    "incident": (
        "created", "updated", "moved", "commented", "comment_edited", "comment_deleted", "file_added", "file_removed",
        "linked", "unlinked", "imported", "deleted", "enriched", "enrichment_failed", "enrichment_asked",
    ),
    "category": ("created", "updated", "deleted"),
    "hook": ("created", "updated", "rotated", "deleted"),
    "rule": ("created", "updated", "deleted"),
    "mail": ("taken", "refused"),
    "tag": ("created", "renamed", "deleted"),
    "ticket": ("assigned", "commented"),
    "tickets": ("ingested",),
    "alert": ("fired", "resolved", "acknowledged", "withdrawn"),
    "channel": ("created", "updated", "deleted", "muted", "unmuted", "tested", "broken"),
    "delivery": ("dead", "retried", "cancelled", "held", "released"),
    "backup": ("made", "failed", "removed", "restored"),
    "policy": ("published", "withdrawn", "previewed"),
    "status": ("recategorised",),
    "user": (
        "created", "updated", "role_changed", "deactivated", "logged_in", "logged_out", "password_changed",
        "preferences_set", "registered", "confirmed", "reset_asked", "linked", "second_factor_set",
        "second_factor_removed", "recovery_codes_renewed", "recovery_code_used", "deleted", "anonymise_asked",
        "anonymised", "exported",
    ),
    "token": ("created", "revoked"),
    "project": ("created", "updated", "members_set", "deleted"),
    "factory": ("created", "updated", "produced", "corrected", "deleted"),
    "sprocket": ("created", "updated", "deleted"),
    "production_rule": ("created", "updated", "deleted"),
    "saved_view": ("created", "updated", "deleted"),
    "schedule": ("created", "updated", "synced", "refused", "deleted"),
    "partitions": ("created", "dropped"),
    "retention": ("updated", "pruned"),
    "report": ("requested", "ready", "failed", "cancelled", "deleted"),
    "audit": ("found", "repaired", "accepted"),
}  # fmt: skip
KINDS = (
    "incident", "incidentcategory", "hook", "hookrule", "mailmessage",
    "issue", "tag", "ticket", "alert", "channel", "delivery", "policyversion", "policytrial", "ticketstatus", "user",
    "apitoken", "project", "factory", "sprocket", "productionrule", "savedview", "report",
    "retentionpolicy", "auditfinding",
)  # fmt: skip


class SubjectFilter(ChoiceFilter):
    """What the line is about: the part of the verb before the dot."""

    title, parameter_name = "about", "about"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Event]) -> Iterable[tuple[str, str]]:
        """The known subjects."""
        return [(subject, subject) for subject in VERBS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """The lines about it, by the verbs in full: a prefix match cannot use the index under most collations."""
        subject = self.value()
        return queryset.filter(verb__in=[f"{subject}.{verb}" for verb in VERBS[subject]]) if subject else queryset


@admin.register(Event)
class EventAdmin(AccessAdmin[Event]):
    """Who did what, when, to which object."""

    resource = "audit_log"
    menu = ("Operation", 13)
    list_display = ("at_cell", "verb", "object_cell", "actor_label", "request_id")
    list_display_links = ("verb",)
    list_filter = (SubjectFilter, day_range("at", "when"))
    ordering = ("-id",)
    search_fields = ("object_id",)
    search_help_text = "An object's id, or its kind and id such as: alert 17"
    fields = ("at", "verb", "object_type", "object_id", "actor_label", "request_id", "before", "after", "data")

    def search(self, queryset: QuerySet[Event], term: str) -> QuerySet[Event]:
        """The lines about one object."""
        kind, _, key = term.rpartition(" ")
        if kind:
            return queryset.filter(object_type=kind.strip().lower(), object_id=key)
        return queryset.filter(object_type__in=KINDS, object_id=term)

    @admin.display(description="when")
    def at_cell(self, event: Event) -> str:
        """When it happened."""
        return write_moment(event.at)

    @admin.display(description="object")
    def object_cell(self, event: Event) -> SafeString | str:
        """What it happened to."""
        return format_html("{} {}", event.object_type, event.object_id) if event.object_type else "–"
