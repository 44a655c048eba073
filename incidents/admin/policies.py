"""SLA policies: versions to be read, and a new one made from any of them."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from incidents.admin.policy_forms import PREVIEW, PolicyForms, fill_head, find_trial
from incidents.models import PolicyTrial, PolicyVersion
from incidents.services.policy_documents import read_document
from incidents.services.policy_trials import read_trial_document, request_trial
from incidents.services.policy_versions import ensure_default_policy, publish_version, withdraw_version
from tracker import clock
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.exceptions import DomainError
from tracker.row_ids import read_row_id

TEMPLATE = "admin/incidents/policyversion/page.html"


@admin.register(PolicyVersion)
class PolicyVersionAdmin(AccessAdmin[PolicyVersion]):
    """What is promised to whom. A version never changes; an edit is the next version."""

    resource = "sla_policies"
    page_template = TEMPLATE
    menu = ("SLA", 1)
    list_display = ("name_cell", "state_cell", "effective_cell", "applies_to", "source", "created_by", "note")
    list_display_links = ("name_cell",)
    list_select_related = ("created_by",)
    ordering = ("-number",)
    search_fields = ("number",)
    search_help_text = "A version's number"
    empty_hint = "No policy yet, so no ticket has a deadline."

    has_writer = True

    def get_urls(self) -> list[Any]:
        """With an address to take a planned version back."""
        return [self.page_url("withdraw", self.withdraw_view), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never while a file owns the policy."""
        return not settings.SLA_CONFIG_PATH and super().has_add_permission(request)

    def search(self, queryset: QuerySet[PolicyVersion], term: str) -> QuerySet[PolicyVersion]:
        """By number."""
        return queryset.filter(number=int(term)) if term.isdecimal() and len(term) < 9 else queryset.none()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one version, or the form for the next one."""
        if object_id is None:
            return self.publish_view(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def describe(self, request: HttpRequest, version: PolicyVersion) -> dict[str, Any]:
        """What the page shows."""
        return {
            "version": version,
            "badge": self.state_cell(version),
            "rules": version.rules.select_related("calendar"),
            "steps": version.steps.all(),
            "file": settings.SLA_CONFIG_PATH,
            "may_publish": self.has_add_permission(request),
            "may_withdraw": version.effective_at > clock.now()
            and not settings.SLA_CONFIG_PATH
            and self.is_allowed(request, "delete", version),
        }

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        """The next version, made from the one that `?from=` names, or from the newest."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        source, trial = _find_version(request.GET.get("from", "")), find_trial(request)
        document = read_document(source) if trial is None else read_trial_document(trial)
        page = PolicyForms(request.POST or None, document=document, head=fill_head(trial))
        if request.method == "POST" and page.are_valid():
            try:
                made = self._take(request, page)
            except DomainError as error:
                page.show_refusal(error)
            else:
                return HttpResponseRedirect(self.object_url(made))
        context = {
            **self.admin_site.each_context(request),
            "title": "New SLA policy version",
            "opts": self.opts,
            "source": source,
            "page": page,
        }
        return TemplateResponse(request, "admin/incidents/policyversion/publish.html", context)

    def _take(self, request: HttpRequest, page: PolicyForms) -> PolicyVersion | PolicyTrial:
        """Publishes what was sent, or previews it where that was asked for."""
        sent: dict[str, Any] = {"actor": actor_of(request), "document": page.read_document(), **page.head.read()}
        if PREVIEW in request.POST:
            return request_trial(**sent)
        version = publish_version(**sent)
        messages.success(request, f"Version {version.number} is published.")
        return version

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes back a version that is not in effect yet; its page is gone then."""
        if request.method != "POST" or not self.is_allowed(request, "delete"):
            raise PermissionDenied
        version = self.get_object(request, object_id)
        try:
            if version is not None:
                withdraw_version(actor=actor_of(request), version=version)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "Taken back, as if it had never been planned.")
        return HttpResponseRedirect(self.list_url())

    @admin.display(description="version")
    def name_cell(self, version: PolicyVersion) -> str:
        """Its number."""
        return f"Version {version.number}"

    @admin.display(description="state")
    def state_cell(self, version: PolicyVersion) -> SafeString:
        """Whether it is the one that new tickets get."""
        if version.effective_at > clock.now():
            return render_badge("Planned", "info")
        newest = newest_in_force()
        return render_badge("In force", "ok") if version.number == newest else render_badge("Superseded", "quiet")

    @admin.display(description="effective")
    def effective_cell(self, version: PolicyVersion) -> str:
        """From when on."""
        return write_moment(version.effective_at)


def newest_in_force() -> int | None:
    """The number of the version that a ticket created now is judged by."""
    in_force = PolicyVersion.objects.filter(effective_at__lte=clock.now()).order_by("-effective_at", "-number")
    return in_force.values_list("number", flat=True).first()


def _find_version(text: str) -> PolicyVersion:
    chosen = PolicyVersion.objects.filter(pk=read_row_id(text) or 0).first()
    return chosen or ensure_default_policy()
