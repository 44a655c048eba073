"""Rules of hooks: in order, moved up and down, and tried on a call before they are trusted."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.admin.badges import severity_badge
from incidents.admin.hook_forms import EVENT_HEADERS, RuleForm, TrialForm
from incidents.models import HookCall, HookRule
from incidents.services.hook_rules import create_rule, delete_rule, move_rule, update_rule
from incidents.services.hook_trials import Trial, try_call
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import DomainError
from tracker.row_ids import read_row_id

CONDITIONS_SHOWN = 4


@admin.register(HookRule)
class HookRuleAdmin(AccessAdmin[HookRule]):
    """What comes in, and what it becomes. The first rule that matches decides."""

    resource = "hooks"
    menu = ("Intake", 2)
    form = RuleForm
    list_display = ("name", "order_cell", "hook_cell", "conditions_cell", "target_cell", "state_cell")
    list_select_related = ("hook", "category", "project")
    search_fields = ("name",)
    ordering = ("position", "id")
    autocomplete_fields = ("project",)
    change_list_template = "admin/incidents/hookrule/change_list.html"
    empty_hint = (
        "No rule yet. Without one, alerts of Alertmanager and Grafana become incidents, and what Sentry and GitHub "
        "tell becomes issues."
    )

    def get_urls(self) -> list[Any]:
        """With addresses to move a rule, and to try all of them."""
        return [
            self.page_url("try", self.try_view, of_object=False),
            self.page_url("up", self.up_view),
            self.page_url("down", self.down_view),
            *super().get_urls(),
        ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Who may not change rules sees their place and no buttons."""
        if self.is_allowed(request, "update"):
            return list(self.list_display)
        return ["position" if name == "order_cell" else name for name in self.list_display]

    def save_model(self, request: HttpRequest, obj: HookRule, form: Any, change: bool) -> None:
        """Writes through the service."""
        actor, values = actor_of(request), form.read_fields()
        if change:
            update_rule(actor=actor, rule=obj, changes=values)
        else:
            obj.pk = create_rule(actor=actor, values=values).pk

    def delete_model(self, request: HttpRequest, obj: HookRule) -> None:
        """Deletes through the service."""
        delete_rule(actor=actor_of(request), rule=obj)

    def up_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks it before the one above."""
        return self._move(request, object_id, is_up=True)

    def down_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks it after the one below."""
        return self._move(request, object_id, is_up=False)

    def _move(self, request: HttpRequest, object_id: str, *, is_up: bool) -> HttpResponse:
        rule = self.take_posted(request, object_id, "update")
        if isinstance(rule, HttpResponse):
            return rule
        move_rule(actor=actor_of(request), rule=rule, is_up=is_up)
        return HttpResponseRedirect(self.list_url())

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """A payload, pasted or of a call that came in, and what the rules would make of it. Nothing is written."""
        if not self.is_allowed(request, "read"):
            raise PermissionDenied
        form, trial = TrialForm(request.POST or None, initial=self._read_call(request)), None
        if request.method == "POST" and form.is_valid():
            trial = self._try(request, form)
        context = {
            **self.admin_site.each_context(request),
            "title": "Try the rules",
            "opts": self.opts,
            "form": form,
            "trial": trial,
            "signals": [(one, severity_badge(one.plan.severity)) for one in trial.signals] if trial else [],
        }
        return TemplateResponse(request, "admin/incidents/hookrule/try.html", context)

    def _try(self, request: HttpRequest, form: TrialForm) -> Trial | None:
        values = form.cleaned_data
        body = values["body"].encode("utf-8", "replace")
        try:
            return try_call(actor=actor_of(request), hook=values["hook"], body=body, headers=form.read_headers())
        except DomainError as error:
            show_refusal(form, error)
            return None

    def _read_call(self, request: HttpRequest) -> dict[str, Any]:
        """What the form begins with: the call that the address names."""
        pk = read_row_id(request.GET.get("call", ""))
        call = HookCall.objects.select_related("hook").filter(pk=pk).first() if pk is not None else None
        if call is None:
            return {}
        event = call.headers.get(EVENT_HEADERS.get(call.hook.kind, ""), "")
        return {"hook": call.hook_id, "body": call.body, "event": event}

    @admin.display(description="order")
    def order_cell(self, rule: HookRule) -> SafeString:
        """Its place, and buttons that change it; they belong to the list's own form."""
        up, down = (reverse(f"admin:incidents_hookrule_{name}", args=[rule.pk]) for name in ("up", "down"))
        return format_html(
            '{} <button class="move" formaction="{}" formnovalidate aria-label="Move {} up">↑</button>'
            '<button class="move" formaction="{}" formnovalidate aria-label="Move {} down">↓</button>',
            rule.position, up, rule.name, down, rule.name,
        )  # fmt: skip

    @admin.display(description="hook")
    def hook_cell(self, rule: HookRule) -> str:
        """Whose signals."""
        return str(rule.hook or "every hook")

    @admin.display(description="where")
    def conditions_cell(self, rule: HookRule) -> str:
        """Its conditions in a line."""
        told = [f"{name} = {pattern}" for name, pattern in list(rule.conditions.items())[:CONDITIONS_SHOWN]]
        more = len(rule.conditions) - len(told)
        return ", ".join([*told, *([f"and {more} more"] if more else [])]) or "always"

    @admin.display(description="becomes")
    def target_cell(self, rule: HookRule) -> str:
        """What, of which category, in which project."""
        parts = [rule.get_target_display(), rule.category, rule.project and rule.project.key]
        return ", ".join(str(part) for part in parts if part)

    @admin.display(description="state")
    def state_cell(self, rule: HookRule) -> SafeString:
        """Whether it is asked."""
        return render_badge("On", "ok") if rule.is_enabled else render_badge("Off", "quiet")
