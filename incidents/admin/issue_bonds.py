"""How an issue stands to others: its links, and merging it into the one that it repeats."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from incidents.admin.badges import issue_badge
from incidents.admin.incident_bonds import describe_incidents
from incidents.admin.issue_forms import LinkForm
from incidents.choices import IssueLinkKind
from incidents.models import Issue, IssueLink
from incidents.services.issue_links import MAX_LINKS, link_issues, unlink_issues
from incidents.services.issue_moves import merge_issue
from incidents.services.issues import find_issue
from tracker.access import Actor
from tracker.admin.base import AccessAdmin, actor_of
from tracker.exceptions import DomainError, InvalidInput, NotFound
from tracker.row_ids import read_row_id

MERGE_TEMPLATE = "admin/incidents/issue/merge.html"
SIDES = {
    IssueLinkKind.DUPLICATES: ("duplicates", "is duplicated by"),
    IssueLinkKind.BLOCKS: ("blocks", "is blocked by"),
    IssueLinkKind.RELATES: ("relates to", "relates to"),
}


class IssueBonds(AccessAdmin[Issue]):
    """The addresses behind the links of an issue's page."""

    def get_urls(self) -> list[Any]:
        """What people do, each an address of its own."""
        return [
            self.page_url("link", self.link_view),
            self.page_url("unlink", self.unlink_view),
            self.page_url("merge", self.merge_view),
            *super().get_urls(),
        ]

    def describe_bonds(self, actor: Actor, issue: Issue) -> dict[str, Any]:
        """The links in both directions in one query, and those of incidents in another."""
        rows = IssueLink.objects.filter(Q(source=issue) | Q(target=issue))
        heavy = [f"{side}__{name}" for side in ("source", "target") for name in ("search", "description")]
        links = []
        for link in rows.select_related("source__project", "target__project").defer(*heavy)[: 2 * MAX_LINKS]:
            is_source = link.source_id == issue.pk
            other = link.target if is_source else link.source
            words = SIDES[IssueLinkKind(link.kind)][0 if is_source else 1]
            links.append(
                {
                    "id": link.pk,
                    "words": words,
                    "address": self.object_url(other),
                    "name": other.key,
                    "title": other.title,
                    "badge": issue_badge(other.status),
                }
            )
        return {"links": [*links, *describe_incidents(actor, issue)], "link_form": LinkForm()}

    def link_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Says how this issue stands to another one."""
        form = LinkForm(request.POST)

        def work(issue: Issue) -> None:
            if not form.is_valid():
                raise InvalidInput("Choose a kind, and write a key such as OPS-12.")
            target = self._find(request, form.cleaned_data["key"])
            link_issues(actor=actor_of(request), source=issue, target=target, kind=form.cleaned_data["kind"])

        return self.run_for_one(request, object_id, "transition", work, "Linked.")

    def unlink_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes a link back."""
        text = request.POST.get("id", "")

        def work(issue: Issue) -> None:
            rows = IssueLink.objects.filter(Q(source=issue) | Q(target=issue))
            link = rows.filter(pk=read_row_id(text) or 0).first()
            if link is None:
                raise NotFound("There is no such link any more.")
            unlink_issues(actor=actor_of(request), issue=issue, link=link)

        return self.run_for_one(request, object_id, "transition", work, "Link removed.")

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shows what would be merged into what, then does it."""
        if request.method == "POST":
            return self._merge(request, object_id)
        if not self.is_allowed(request, "transition"):
            raise PermissionDenied
        issue = self.get_object(request, object_id)
        if issue is None or not self.is_allowed(request, "transition", issue):
            raise PermissionDenied
        try:
            into = self._find(request, request.GET.get("into", ""))
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.object_url(issue))
        context = {"title": f"Merge {issue.key} into {into.key}", "issue": issue, "into": into}
        return self.render_page(request, issue, MERGE_TEMPLATE, context)

    def _merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        issue = self.take_posted(request, object_id, "transition")
        if isinstance(issue, HttpResponse):
            return issue
        try:
            into = self._find(request, request.POST.get("into", ""))
            merge_issue(actor=actor_of(request), issue=issue, into=into)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.object_url(issue))
        messages.success(request, f"{issue.key} was merged into {into.key}.")
        return HttpResponseRedirect(self.object_url(into))

    def _find(self, request: HttpRequest, key: str) -> Issue:
        found = find_issue(actor_of(request), key.strip())
        if found is None:
            raise NotFound(f"There is no issue {key.strip()[:40] or 'without a key'}.")
        return found
