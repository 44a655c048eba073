"""One issue's page: what it says, where it stands, and what people do with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from incidents.admin.hook_signals import describe_signals
from incidents.admin.issue_bonds import IssueBonds
from incidents.admin.issue_forms import AssignIssueForm, EditIssueForm, IssueForm
from incidents.admin.issue_tables import IssueTables
from incidents.admin.issue_timeline import read_issue_timeline
from incidents.admin.talk import TalkPage
from incidents.admin.timeline import Timeline
from incidents.choices import IssueStatus
from incidents.models import Attachment, Comment, Issue
from incidents.services.comments import comment_on_issue
from incidents.services.issue_moves import move_issue
from incidents.services.issues import create_issue, delete_issue, update_issue, watch_issue
from tracker.access import Actor
from tracker.admin.base import actor_of
from tracker.row_ids import read_row_id

HEAVY = ("search", "reporter__password", "assignee__password")


class IssuePage(TalkPage[Issue], IssueBonds, IssueTables):
    """The part of the issues' admin that is about one issue."""

    resource = "issues"
    page_template = "admin/incidents/issue/page.html"
    owner_field = "reporter"
    form = IssueForm
    assign_form = AssignIssueForm

    def get_urls(self) -> list[Any]:
        """What people do, each an address of its own."""
        return [self.page_url("watch", self.watch_view), *super().get_urls()]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Issue | None:
        """The issue with all that its page names."""
        return self.whole_issues(request).filter(pk=read_row_id(object_id) or 0).first()

    def whole_issues(self, request: HttpRequest) -> QuerySet[Issue]:
        """Issues with all that a page names."""
        related = ("project", "reporter", "assignee", "factory", "merged_into__project")
        return super().get_queryset(request).select_related(*related).prefetch_related("tags").defer(*HEAVY)

    def describe(self, request: HttpRequest, issue: Issue) -> dict[str, Any]:
        """What the page shows."""
        watchers = set(issue.watchers.values_list("pk", flat=True)[:1000])
        return {
            **self.describe_work(request, issue),
            **self.describe_talk(request, issue),
            **self.describe_bonds(actor_of(request), issue),
            "issue": issue,
            # Only what came from elsewhere can have any.
            "signals": describe_signals(issue) if issue.reporter_label or issue.source else [],
            "watchers": len(watchers),
            "is_watching": request.user.pk in watchers,
        }

    def edit_form(self, row: Issue, data: Any = None) -> EditIssueForm:
        """Every field that people write."""
        return EditIssueForm(data, issue=row)

    def update_row(self, *, actor: Actor, row: Issue, changes: Mapping[str, Any]) -> Issue:
        """Changes fields."""
        return update_issue(actor=actor, issue=row, changes=changes)

    def move_row(self, *, actor: Actor, row: Issue, status: str) -> Issue:
        """Moves the issue."""
        return move_issue(actor=actor, issue=row, status=IssueStatus(status))

    def add_comment(self, *, actor: Actor, row: Issue, **values: Any) -> Comment:
        """Adds a comment."""
        return comment_on_issue(actor=actor, issue=row, **values)

    def read_timeline(
        self, actor: Actor, row: Issue, files: Sequence[Attachment], *, before: datetime | None
    ) -> Timeline:
        """The issue's story."""
        return read_issue_timeline(row, files, before=before)

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

    def watch_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Puts oneself among those who are told of changes, or takes oneself out."""
        is_watching = request.POST.get("watching") == "1"
        return self.run_for_one(
            request, object_id, "read",
            lambda issue: watch_issue(actor=actor_of(request), issue=issue, is_watching=is_watching),
            "You will be told of changes." if is_watching else "You are told no more.",
        )  # fmt: skip
