"""How long things are kept, and how much would go today."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.models import RetentionPolicy
from tracker.retention import all_kinds
from tracker.services.retention import change_policy, ensure_policies, estimate_due, visible_policies

MOST_COUNTED = 10_000


class RetentionForm(AccessForm):
    """Days, or none, and whether anything goes at all."""

    class Meta:
        model = RetentionPolicy
        fields = ("keep_days", "is_enabled")
        labels = {"keep_days": "Keep for days", "is_enabled": "Delete what is older"}

    def _post_clean(self) -> None:
        """Nothing: the service knows the least of each kind."""


@admin.register(RetentionPolicy)
class RetentionAdmin(AccessAdmin[RetentionPolicy]):
    """One row a kind, made by Tracker. Admins say how long, maintainers read it."""

    resource = "retention"
    menu = ("Operation", 3)
    form = RetentionForm
    list_display = ("label_cell", "kept_cell", "least_cell", "due_cell", "pruned_cell", "total_cell")
    list_display_links = ("label_cell",)
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetentionPolicy]:
        """Every kind, also those of a release that has not pruned yet."""
        ensure_policies()
        return visible_policies(actor_of(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Kinds come from the code."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: RetentionPolicy | None = None) -> Any:
        """What it is about, and what can be said."""
        shown = ("label_cell", "says_cell", "least_cell", "due_cell", "pruned_cell")
        return [(None, {"fields": (*shown, "keep_days", "is_enabled")})]

    def get_readonly_fields(self, request: HttpRequest, obj: RetentionPolicy | None = None) -> tuple[str, ...]:
        """What is told and not asked."""
        return ("label_cell", "says_cell", "least_cell", "due_cell", "pruned_cell")

    def save_model(
        self, request: HttpRequest, obj: RetentionPolicy, form: ModelForm[RetentionPolicy], change: bool
    ) -> None:
        """Writes through the service."""
        values = form.cleaned_data
        change_policy(
            actor=actor_of(request), policy=obj, keep_days=values["keep_days"], is_enabled=values["is_enabled"]
        )

    @admin.display(description="what")
    def label_cell(self, policy: RetentionPolicy) -> str:
        """What it is about."""
        return all_kinds()[policy.kind].label

    @admin.display(description="which of them")
    def says_cell(self, policy: RetentionPolicy) -> str:
        """What goes, and what stays."""
        return all_kinds()[policy.kind].says

    @admin.display(description="kept for")
    def kept_cell(self, policy: RetentionPolicy) -> SafeString | str:
        """How long, or for ever."""
        if policy.keep_days is None:
            return "ever"
        days = f"{policy.keep_days:,} days"
        return days if policy.is_enabled else format_html("{} {}", days, render_badge("Off", "quiet"))

    @admin.display(description="at least")
    def least_cell(self, policy: RetentionPolicy) -> str:
        """What nobody goes below."""
        return f"{all_kinds()[policy.kind].least_days} days"

    @admin.display(description="would go today")
    def due_cell(self, policy: RetentionPolicy) -> str:
        """How many, as far as that is counted while somebody waits."""
        count = estimate_due(policy, most=MOST_COUNTED)
        if count is None:
            return "many; manage.py prune --check counts them"
        return f"{count:,} or more" if count >= MOST_COUNTED else f"{count:,}"

    @admin.display(description="last run")
    def pruned_cell(self, policy: RetentionPolicy) -> SafeString | str:
        """When old ones went last."""
        return write_moment(policy.pruned_at) if policy.pruned_at else "never"

    @admin.display(description="gone so far")
    def total_cell(self, policy: RetentionPolicy) -> str:
        """How many rows went by this policy in all."""
        return f"{policy.pruned_total:,}"
