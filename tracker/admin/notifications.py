"""What one was told, and how one wants to be told. Everybody sees their own alone, admins too."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.filters import ChoiceFilter
from tracker.admin.formats import write_moment
from tracker.choices import MailWish
from tracker.models import Notification, User
from tracker.services.notification_lists import mark_all_read, mark_read, visible_notifications
from tracker.services.preferences import CHOSEN_KINDS, read_preferences, set_preferences
from tracker.subjects import all_subjects


class UnreadFilter(ChoiceFilter):
    """Whether one has seen it."""

    title, parameter_name = "read", "read"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Notification]) -> Iterable[tuple[str, str]]:
        """The two states."""
        return [("no", "Unread"), ("yes", "Read")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> QuerySet[Notification]:
        """The lines in that state."""
        return queryset.filter(read_at__isnull=self.value() == "no") if self.value() else queryset


class PreferencesForm(forms.Form):
    """One row for each kind: listed or not, and when a letter comes."""

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, row in read_preferences(person).items():
            self.fields[f"{kind}_listed"] = forms.BooleanField(
                label=f"{kind.label}: in my list", required=False, initial=row.is_listed
            )
            self.fields[f"{kind}_mail"] = forms.ChoiceField(
                label=f"{kind.label}: letter", choices=MailWish.choices, initial=row.mail
            )

    def rows(self) -> list[tuple[str, Any, Any]]:
        """Label and the two fields of each kind."""
        return [(kind.label, self[f"{kind}_listed"], self[f"{kind}_mail"]) for kind in CHOSEN_KINDS]

    def read_changes(self) -> dict[str, dict[str, Any]]:
        """What the service is to keep."""
        values = self.cleaned_data
        return {
            str(kind): {"is_listed": values[f"{kind}_listed"], "mail": values[f"{kind}_mail"]} for kind in CHOSEN_KINDS
        }


@admin.register(Notification)
class NotificationAdmin(AccessAdmin[Notification]):
    """One's own list, what is unread first; opening a line reads it."""

    resource = "notifications"
    page_template = "admin/tracker/notification/page.html"
    menu = ("Work", 9)
    owner_field = "recipient"
    list_display = ("headline_cell", "kind_cell", "by_cell", "when_cell")
    list_display_links = ("headline_cell",)
    list_filter = (UnreadFilter,)
    search_fields = ("headline",)
    search_help_text = "Words of the headline"
    actions = ("read",)
    change_list_template = "admin/tracker/notification/list.html"
    empty_hint = "Nobody told you anything yet. You hear of issues that you are given, mentioned in, or watch."

    def get_urls(self) -> list[Any]:
        """With addresses to read everything, and to choose how to be told."""
        return [
            self.page_url("read-all", self.read_all_view, of_object=False),
            self.page_url("preferences", self.preferences_view, of_object=False),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        """One's own, as the API shows them."""
        is_unread = ExpressionWrapper(Q(read_at__isnull=True), output_field=BooleanField())
        return visible_notifications(actor_of(request)).annotate(is_unread=is_unread).order_by("-is_unread", "-id")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What is unread first, then the newest."""
        return ("-is_unread", "-id")

    def describe(self, request: HttpRequest, notification: Notification) -> dict[str, Any]:
        """What the page shows; the line is read thereby."""
        actor = actor_of(request)
        subject = all_subjects().get(notification.object_type)
        return {
            "title": notification.headline,
            "notification": mark_read(actor=actor, notification=notification),
            "link": subject.link(actor, notification.object_id) if subject else "",
            # The log knows nothing of who read what.
            "show_history": False,
        }

    def read_all_view(self, request: HttpRequest) -> HttpResponse:
        """Reads everything."""
        if request.method != "POST" or not self.is_allowed(request, "transition"):
            raise PermissionDenied
        count = mark_all_read(actor=actor_of(request))
        messages.success(request, f"{count} marked as read.")
        return HttpResponseRedirect(self.list_url())

    def preferences_view(self, request: HttpRequest) -> HttpResponse:
        """How one wants to be told."""
        actor = actor_of(request)
        if actor.user is None or not self.is_allowed(request, "update"):
            raise PermissionDenied
        form = PreferencesForm(actor.user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            set_preferences(actor=actor, changes=form.read_changes())
            messages.success(request, "Kept.")
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": "How you are told",
            "opts": self.opts,
            "form": form,
            "person": actor.user,
        }
        return TemplateResponse(request, "admin/tracker/notification/preferences.html", context)

    def has_transition_permission(self, request: HttpRequest) -> bool:
        """Whether lines may be marked as read."""
        return self.is_allowed(request, "transition")

    @admin.action(permissions=["transition"], description="Mark as read")
    def read(self, request: HttpRequest, queryset: QuerySet[Notification]) -> HttpResponse | None:
        """Marks the ticked lines."""
        actor = actor_of(request)
        return self.run_for_each(
            request, queryset, lambda row: mark_read(actor=actor, notification=row), "{count} marked as read."
        )

    @admin.display(description="what")
    def headline_cell(self, notification: Notification) -> SafeString | str:
        """The headline, bold until it is read."""
        if notification.read_at is None:
            return format_html('<strong class="unread">{}</strong>', notification.headline)
        return notification.headline

    @admin.display(description="why")
    def kind_cell(self, notification: Notification) -> str:
        """Why one was told."""
        return notification.get_kind_display()

    @admin.display(description="by")
    def by_cell(self, notification: Notification) -> str:
        """Who did it."""
        return notification.actor_label

    @admin.display(description="when")
    def when_cell(self, notification: Notification) -> str:
        """When it happened."""
        return write_moment(notification.created_at)
