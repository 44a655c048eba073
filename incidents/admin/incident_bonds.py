"""How an incident stands to issues, tickets and other incidents, and the issue that is made of it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from incidents.admin.badges import issue_badge
from incidents.admin.incident_forms import IncidentLinkForm, OpenIssueForm
from incidents.choices import IncidentLinkKind
from incidents.models import Incident, IncidentLink, Issue, Ticket
from incidents.services.incident_issues import open_issue_for_incident
from incidents.services.incident_links import (
    MAX_LINKS,
    Target,
    find_target,
    link_incident,
    links_to,
    name_of,
    seen_from,
    unlink_incident,
    visible_links,
)
from tracker.access import Actor, may
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge
from tracker.exceptions import DomainError, InvalidInput, NotFound
from tracker.row_ids import read_row_id

HEAVY = ("search", "description")
SIDES = {
    (IncidentLinkKind.RELATES, "both"): "relates to",
    (IncidentLinkKind.DUPLICATES, "out"): "duplicates",
    (IncidentLinkKind.DUPLICATES, "in"): "is duplicated by",
    (IncidentLinkKind.CAUSED_BY, "out"): "was caused by",
    (IncidentLinkKind.CAUSED_BY, "in"): "is the cause of",
}


class IncidentBonds(AccessAdmin[Incident]):
    """The addresses behind the links of an incident's page."""

    def get_urls(self) -> list[Any]:
        """What people do, each an address of its own."""
        return [
            self.page_url("link", self.link_view),
            self.page_url("unlink", self.unlink_view),
            self.page_url("issue", self.issue_view),
            *super().get_urls(),
        ]

    def describe_bonds(self, actor: Actor, incident: Incident) -> dict[str, Any]:
        """The links in both directions, in one query."""
        rows = visible_links(actor, incident).select_related("incident", "issue__project", "ticket", "other")
        heavy = [f"{side}__{name}" for side in ("incident", "issue", "ticket", "other") for name in HEAVY]
        sides = [(link, seen_from(link, incident)) for link in rows.defer(*heavy)[: 2 * MAX_LINKS]]
        return {
            "links": [{**_describe(link, side.other, side.direction), "id": link.pk} for link, side in sides],
            "linked_ids": {side.other.pk for _, side in sides if isinstance(side.other, Incident)},
            "link_form": IncidentLinkForm(),
            "issue_form": OpenIssueForm(),
            "may_open_issue": may(actor, "issues", "create") and may(actor, "incidents", "transition"),
        }

    def link_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Says how this incident stands to something else."""
        form = IncidentLinkForm(request.POST)

        def work(incident: Incident) -> None:
            if not form.is_valid():
                raise InvalidInput("Choose a kind, and write a key such as INC-12, OPS-3 or ticket:ID.")
            name = form.cleaned_data["key"].strip()
            target = find_target(actor_of(request), name)
            if target is None:
                raise NotFound(f"There is no {name[:40]}; write a key such as INC-12, OPS-3 or ticket:ID.")
            kind = form.cleaned_data["kind"]
            link_incident(actor=actor_of(request), incident=incident, target=target, kind=kind)

        return self.run_for_one(request, object_id, "transition", work, "Linked.")

    def unlink_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes a link back."""

        def work(incident: Incident) -> None:
            link = IncidentLink(pk=read_row_id(request.POST.get("id", "")) or 0)
            unlink_incident(actor=actor_of(request), incident=incident, link=link)

        return self.run_for_one(request, object_id, "transition", work, "Link removed.")

    def issue_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Makes an issue of it, and goes there."""
        incident = self.take_posted(request, object_id, "transition")
        if isinstance(incident, HttpResponse):
            return incident
        form, actor = OpenIssueForm(request.POST), actor_of(request)
        if not may(actor, "issues", "create"):
            raise PermissionDenied
        try:
            if not form.is_valid():
                raise InvalidInput.of_field("project", "Choose a project that is not archived.")
            project = form.cleaned_data["project"]
            issue = open_issue_for_incident(actor=actor, incident=incident, project=project)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.object_url(incident))
        messages.success(request, f"{issue.key} was opened for {incident.key}.")
        return HttpResponseRedirect(self.object_url(issue))


def describe_incidents(actor: Actor, target: Issue | Ticket) -> list[dict[str, Any]]:
    """The incidents that are linked with an issue or a ticket, for its page; they are parted on their own."""
    rows = links_to(actor, target).select_related("incident")
    rows = rows.defer(*(f"incident__{name}" for name in HEAVY))[:MAX_LINKS]
    return [_describe(link, link.incident, "both" if link.kind == IncidentLinkKind.RELATES else "in") for link in rows]


def _describe(link: IncidentLink, other: Target, direction: str) -> dict[str, Any]:
    return {
        "words": SIDES[IncidentLinkKind(link.kind), direction],
        "address": reverse(f"admin:incidents_{other._meta.model_name}_change", args=[other.pk]),
        "name": name_of(other),
        "title": other.title,
        "badge": _write_badge(other),
    }


def _write_badge(target: Target) -> SafeString:
    if isinstance(target, Ticket):
        return render_badge("Open", "info") if target.is_open else render_badge("Closed", "quiet")
    return issue_badge(target.status)
