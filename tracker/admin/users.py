"""People and their roles."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge, write_moment
from tracker.models import User
from tracker.models.users import normalise_email


@admin.register(User)
class UserAdmin(AccessAdmin[User]):
    """Who may log in, and as what."""

    resource = "users"
    menu = ("People", 1)
    list_display = ("email", "full_name", "role", "state_cell", "login_cell")
    list_filter = ("role", "is_active")
    search_fields = ("email",)
    search_help_text = "Start of the e-mail address or of the name"
    fields = ("email", "full_name", "timezone", "role", "is_active", "created_at", "last_login")
    readonly_fields = ("created_at", "last_login")
    ordering = ("email",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without the password's hash, which no page has a use for."""
        return super().get_queryset(request).defer("password")

    def search(self, queryset: QuerySet[User], term: str) -> QuerySet[User]:
        """By the start of address or name."""
        return queryset.filter(Q(email__startswith=normalise_email(term)) | Q(full_name__istartswith=term))

    @admin.display(description="state")
    def state_cell(self, user: User) -> SafeString:
        """Whether they may log in."""
        return render_badge("Active", "ok") if user.is_active else render_badge("Deactivated", "quiet")

    @admin.display(description="last login")
    def login_cell(self, user: User) -> str:
        """When they last logged in."""
        return write_moment(user.last_login) if user.last_login else "never"
