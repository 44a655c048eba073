"""One issue's page: what it says, where it stands, and what people do with it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.issue_bonds import IssueBonds
from incidents.admin.issue_forms import AssignIssueForm, EditIssueForm, IssueForm
from incidents.admin.issue_tables import IssueTables
from incidents.admin.issue_talk import IssueTalk
from incidents.choices import IssueStatus
from incidents.models import Issue
from incidents.services.issue_moves import move_issue, possible_moves
from incidents.services.issues import create_issue, delete_issue, update_issue, watch_issue
from tracker.access import may
from tracker.admin.base import actor_of
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import DomainError, InvalidInput
from tracker.row_ids import read_row_id

TEMPLATE = "admin/incidents/issue/page.html"
MOVE_WORDS = {
    IssueStatus.OPEN: "Reopen",
    IssueStatus.TRIAGED: "Triaged",
    IssueStatus.IN_PROGRESS: "Start work",
    IssueStatus.DONE: "Done",
}
HEAVY = ("search", "reporter__password", "assignee__password")


class IssuePage(IssueTalk, IssueBonds, IssueTables):
    """The part of the issues' admin that is about one issue."""

    resource = "issues"
    page_template = TEMPLATE
    owner_field = "reporter"
    form = IssueForm

    def get_urls(self) -> list[Any]:
        """What people do, each an address of its own."""
        return [
            self.page_url("edit", self.edit_view),
            self.page_url("move", self.move_view),
            self.page_url("assign", self.assign_view),
            self.page_url("watch", self.watch_view),
            *super().get_urls(),
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Issue | None:
        """The issue with all that its page names."""
        return self.whole_issues(request).filter(pk=read_row_id(object_id) or 0).first()

    def whole_issues(self, request: HttpRequest) -> QuerySet[Issue]:
        """Issues with all that a page names."""
        related = ("project", "reporter", "assignee", "factory", "merged_into__project")
        return super().get_queryset(request).select_related(*related).prefetch_related("tags").defer(*HEAVY)

    def describe(self, request: HttpRequest, issue: Issue) -> dict[str, Any]:
        """What the page shows."""
        actor = actor_of(request)
        edit_form = EditIssueForm(issue=issue)
        watchers = set(issue.watchers.values_list("pk", flat=True)[:1000])
        return {
            **self.describe_talk(request, issue),
            **self.describe_bonds(issue),
            "title": f"{issue.key} {issue.title}",
            "issue": issue,
            "status_badge": issue_badge(issue.status),
            "severity_badge": severity_badge(issue.severity),
            "moves": [(status, MOVE_WORDS[IssueStatus(status)]) for status in possible_moves(issue.status)],
            "watchers": len(watchers),
            "is_watching": request.user.pk in watchers,
            "may_update": may(actor, "issues", "update"),
            "may_transition": may(actor, "issues", "transition"),
            "may_delete": self.has_delete_permission(request, issue),
            "edit_form": edit_form,
            "assign_form": AssignIssueForm(initial={"assignee": issue.assignee_id}),
            "media": self.media + edit_form.media,
        }

    def show_issue(self, request: HttpRequest, issue: Issue, **changed: Any) -> TemplateResponse:
        """The page again, with a form that was refused, so that nothing typed is lost."""
        return self.render_page(request, issue, TEMPLATE, {**self.describe(request, issue), **changed})

    def save_model(self, request: HttpRequest, obj: Issue, form: Any, change: bool) -> None:
        """Makes a new issue."""
        if change:
            raise PermissionDenied
        values = {name: value for name, value in form.cleaned_data.items() if value not in (None, "", [])}
        issue = create_issue(actor=actor_of(request), values=values)
        obj.pk, obj.project, obj.number = issue.pk, issue.project, issue.number

    def response_add(self, request: HttpRequest, obj: Issue, post_url_continue: str | None = None) -> HttpResponse:
        """On to the new issue's page."""
        messages.success(request, f"{obj.key} is open.")
        return HttpResponseRedirect(self.object_url(obj))

    def delete_model(self, request: HttpRequest, obj: Issue) -> None:
        """Deletes through the service."""
        delete_issue(actor=actor_of(request), issue=obj)

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Changes fields; what is refused comes back with all that was typed."""
        issue = self.take_posted(request, object_id, "update")
        if isinstance(issue, HttpResponse):
            return issue
        form = EditIssueForm(request.POST, issue=issue)
        if form.is_valid():
            try:
                update_issue(actor=actor_of(request), issue=issue, changes=form.changes)
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, "Saved." if form.changes else "Nothing was changed.")
                return HttpResponseRedirect(self.object_url(issue))
        return self.show_issue(request, issue, edit_form=form)

    def move_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Moves the issue to another status."""
        status = request.POST.get("status", "")
        return self.run_for_one(
            request, object_id, "transition",
            lambda issue: move_issue(actor=actor_of(request), issue=issue, status=_read_status(status)),
            f"Now: {status.lower().replace('_', ' ')}.",
        )  # fmt: skip

    def assign_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Gives the issue to somebody, or to nobody."""
        form = AssignIssueForm(request.POST)
        person = form.cleaned_data["assignee"] if form.is_valid() else None
        return self.run_for_one(
            request, object_id, "update",
            lambda issue: update_issue(actor=actor_of(request), issue=issue, changes=form.changes),
            f"Assigned to {person or 'nobody'}.",
        )  # fmt: skip

    def watch_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Puts oneself among those who are told of changes, or takes oneself out."""
        is_watching = request.POST.get("watching") == "1"
        return self.run_for_one(
            request, object_id, "read",
            lambda issue: watch_issue(actor=actor_of(request), issue=issue, is_watching=is_watching),
            "You will be told of changes." if is_watching else "You are told no more.",
        )  # fmt: skip


def _read_status(word: str) -> IssueStatus:
    if word not in IssueStatus.values:
        raise InvalidInput.of_field("status", f"One of {', '.join(IssueStatus.values)}.")
    return IssueStatus(word)
