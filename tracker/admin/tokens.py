"""API tokens: made, shown once, revoked."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from tracker import clock
from tracker.access import decide
from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.admin.widgets import RowSelect
from tracker.choices import Scope
from tracker.models import ApiToken, User
from tracker.services.tokens import issue_token, revoke_token

LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "For ever")]


class NewTokenForm(AccessForm):
    """What a token is for, what it may do, and for how long."""

    name = forms.CharField(max_length=80, help_text="What it is for, such as: help desk, production.")
    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    days = forms.ChoiceField(label="Valid for", choices=LIFETIMES, initial="365", required=False)
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).defer("password"), required=False, help_text="Empty = you."
    )

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "days", "owner")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        if not decide(self.actor, "api_tokens", "list").is_for_all_rows:
            del self.fields["owner"]
        else:
            owner.widget = RowSelect(ApiToken._meta.get_field("owner"), admin.site, choices=owner.choices)  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """Nothing: the service checks what a token may be."""


@admin.register(ApiToken)
class ApiTokenAdmin(AccessAdmin[ApiToken]):
    """What machines log in with. The secret is never stored, so it can never be shown again."""

    resource = "api_tokens"
    page_template = "admin/tracker/apitoken/page.html"
    menu = ("People", 2)
    owner_field = "owner"
    form = NewTokenForm
    list_display = ("name", "prefix", "owner", "scopes_cell", "state_cell", "expires_cell", "used_cell")
    list_select_related = ("owner",)
    search_fields = ("name", "prefix")
    search_help_text = "Name or prefix"
    ordering = ("-id",)
    actions = ("revoke",)
    empty_hint = "No token yet. Add one with the scope “ingest” to send tickets."

    def get_urls(self) -> list[Any]:
        """With an address to revoke."""
        return [self.page_url("revoke", self.revoke_view), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Without the digests."""
        return super().get_queryset(request).select_related("owner").defer("digest", "owner__password")

    def get_fieldsets(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """Only those who see everybody's tokens make them for others."""
        names = ["name", "scopes", "days"]
        if self.decision(request, "list").is_for_all_rows:
            names.append("owner")
        return [(None, {"fields": names})]

    def describe(self, request: HttpRequest, token: ApiToken) -> dict[str, Any]:
        """What the page shows."""
        return {
            "token": token,
            "badge": self.state_cell(token),
            "may_revoke": token.revoked_at is None and self.is_allowed(request, "transition", token),
        }

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issues the token; its plaintext lives as long as this request."""
        values, actor = form.cleaned_data, actor_of(request)
        owner = values.get("owner") or actor.user
        if owner is None:
            raise PermissionDenied
        days = values.get("days")
        token, plaintext = issue_token(
            actor=actor,
            owner=owner,
            name=values["name"],
            scopes=values["scopes"],
            expires_at=clock.now() + timedelta(days=int(days)) if days else None,
        )
        obj.pk = token.pk
        request.issued = (token, plaintext)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """Shows the token, this once: it is in this answer and nowhere else, not even in the session."""
        token, plaintext = request.issued  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Token {token.name}",
            "opts": self.opts,
            "token": token,
            "plaintext": plaintext,
        }
        return TemplateResponse(
            request, "admin/tracker/apitoken/once.html", context, headers={"Cache-Control": "no-store"}
        )

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Makes one token worthless."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda token: revoke_token(actor=actor_of(request), token=token),
            "Revoked. It is refused from the next request on.",
        )  # fmt: skip

    def has_transition_permission(self, request: HttpRequest) -> bool:
        """Whether tokens may be revoked."""
        return self.is_allowed(request, "transition")

    @admin.action(permissions=["transition"], description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponse | None:
        """Makes the ticked tokens worthless."""
        actor = actor_of(request)
        return self.run_for_each(
            request, queryset, lambda token: revoke_token(actor=actor, token=token), "{count} tokens were revoked."
        )

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
