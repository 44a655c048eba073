"""API tokens: made, shown once, revoked."""

from django.contrib import admin
from django.utils.safestring import SafeString

from tracker import clock
from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge, write_moment
from tracker.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(AccessAdmin[ApiToken]):
    """What machines log in with. The secret is never stored, so it can never be shown again."""

    resource = "api_tokens"
    menu = ("People", 2)
    owner_field = "owner"
    list_display = ("name", "prefix", "owner", "scopes_cell", "state_cell", "expires_cell", "used_cell")
    list_select_related = ("owner",)
    search_fields = ("name", "prefix")
    search_help_text = "Name or prefix"
    fields = ("name", "prefix", "owner", "scopes_cell", "created_at", "expires_at", "last_used_at", "revoked_at")
    readonly_fields = ("prefix", "scopes_cell", "created_at", "last_used_at", "revoked_at")
    ordering = ("-id",)

    @admin.display(description="scopes")
    def scopes_cell(self, token: ApiToken) -> str:
        """What it may do."""
        return ", ".join(token.scopes)

    @admin.display(description="state")
    def state_cell(self, token: ApiToken) -> SafeString:
        """Whether it works."""
        if token.revoked_at:
            return render_badge("Revoked", "quiet")
        if token.expires_at and token.expires_at <= clock.now():
            return render_badge("Expired", "alert")
        return render_badge("Valid", "ok")

    @admin.display(description="expires")
    def expires_cell(self, token: ApiToken) -> str:
        """When it stops working."""
        return write_moment(token.expires_at) if token.expires_at else "never"

    @admin.display(description="last used")
    def used_cell(self, token: ApiToken) -> str:
        """When it was last used."""
        return write_moment(token.last_used_at) if token.last_used_at else "never"
