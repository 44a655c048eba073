"""Hooks: made, shown once, given new keys, switched off. The key and the secret go in and never come out."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from incidents.admin.badges import call_badge
from incidents.admin.hook_forms import HookForm
from incidents.models import Hook, HookCall
from incidents.services.hook_fields import SIGNING_KINDS
from incidents.services.hooks import create_hook, delete_hook, rotate_hook, update_hook
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge, write_moment

CALL_LIMIT = 10
USE = ("prefix", "created_cell", "used_cell", "throttled_cell")


@admin.register(Hook)
class HookAdmin(AccessAdmin[Hook]):
    """The addresses at which other systems report by themselves."""

    resource = "hooks"
    menu = ("Intake", 1)
    form = HookForm
    list_display = ("name", "kind", "state_cell", "project", "rate_cell", "used_cell", "throttled_cell")
    list_select_related = ("project",)
    search_fields = ("name", "prefix")
    ordering = ("name",)
    autocomplete_fields = ("project",)
    readonly_fields = USE
    change_form_template = "admin/incidents/hook/form.html"
    empty_hint = "No hook yet. Add one for Alertmanager, Grafana, Sentry or GitHub, and give its address to the sender."

    def get_urls(self) -> list[Any]:
        """With an address that makes a new key."""
        return [self.page_url("rotate", self.rotate_view), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hook]:
        """Without the digests."""
        return super().get_queryset(request).defer("digest")

    def get_fieldsets(self, request: HttpRequest, obj: Hook | None = None) -> Any:
        """The form; of one that is there its use too, and for those who only look no secret."""
        names = ["name", "kind", "secret", "project", "category", "rate_per_minute", "is_enabled"]
        if obj is None:
            return [(None, {"fields": names})]
        if not self.has_change_permission(request, obj):
            names.remove("secret")
        return [
            (None, {"fields": names}),
            ("Use", {"fields": USE}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Hook | None = None) -> tuple[str, ...]:
        """A sender's kind stays: its rules and signals are that sender's."""
        return USE if obj is None else (*USE, "kind")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With its last calls, and what may be done with it."""
        hook: Hook | None = context.get("original")
        if hook is not None:
            rows = HookCall.objects.filter(hook=hook).defer("body", "headers").order_by("-id")[:CALL_LIMIT]
            context |= {
                "calls": [(row, call_badge(row.outcome)) for row in rows],
                "badge": self.state_cell(hook),
                "may_change": self.has_change_permission(request, hook),
                "lacks_secret": hook.kind in SIGNING_KINDS and not hook.secret,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Hook, form: Any, change: bool) -> None:
        """Writes through the service; the key of a new one lives as long as this request."""
        actor, values = actor_of(request), form.read_fields()
        if change:
            update_hook(actor=actor, hook=obj, changes=values)
        else:
            hook, key = create_hook(actor=actor, values=values)
            obj.pk = hook.pk
            request.issued = (hook, key)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Hook, post_url_continue: str | None = None) -> HttpResponse:
        """Shows the whole address, this once."""
        return self._show_once(request, *request.issued)  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Hook) -> None:
        """Deletes through the service."""
        delete_hook(actor=actor_of(request), hook=obj)

    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A new key, shown once; the old one is worthless."""
        hook = self.take_posted(request, object_id, "update")
        if isinstance(hook, HttpResponse):
            return hook
        return self._show_once(request, hook, rotate_hook(actor=actor_of(request), hook=hook))

    def _show_once(self, request: HttpRequest, hook: Hook, key: str) -> HttpResponse:
        path = reverse("hook", args=[hook.kind, key])
        context = {
            **self.admin_site.each_context(request),
            "title": f"Hook {hook.name}",
            "opts": self.opts,
            "hook": hook,
            "address": f"{settings.SITE_URL}{path}",
            "lacks_secret": hook.kind in SIGNING_KINDS and not hook.secret,
        }
        return TemplateResponse(
            request, "admin/incidents/hook/once.html", context, headers={"Cache-Control": "no-store"}
        )

    @admin.display(description="state")
    def state_cell(self, hook: Hook) -> SafeString:
        """Whether it takes calls."""
        if not hook.is_enabled:
            return render_badge("Off", "quiet")
        if hook.kind in SIGNING_KINDS and not hook.secret:
            return render_badge("No secret", "alert")
        return render_badge("On", "ok")

    @admin.display(description="calls a minute")
    def rate_cell(self, hook: Hook) -> SafeString:
        """How many are let through, and the way to them."""
        address = f"{reverse('admin:incidents_hookcall_changelist')}?{urlencode({'hook': hook.pk})}"
        return format_html('up to {} · <a href="{}">Calls</a>', hook.rate_per_minute, address)

    @admin.display(description="created")
    def created_cell(self, hook: Hook) -> str:
        """Since when it is there."""
        return write_moment(hook.created_at)

    @admin.display(description="last used")
    def used_cell(self, hook: Hook) -> str:
        """When a call came with its key."""
        return write_moment(hook.last_used_at) if hook.last_used_at else "never"

    @admin.display(description="throttled")
    def throttled_cell(self, hook: Hook) -> str:
        """When calls were last too many, and how many that were in all."""
        if not hook.throttled_at:
            return "never"
        return format_html("{}, {} in all", write_moment(hook.throttled_at), f"{hook.throttled_count:,}")
