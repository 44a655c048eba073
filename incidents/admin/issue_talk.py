"""What people add to an issue: comments and files."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from incidents.admin.issue_timeline import read_issue_timeline
from incidents.admin.timeline import parse_before
from incidents.admin.work_forms import CommentForm
from incidents.admin.work_page import WorkPage
from incidents.models import Attachment, Comment, Issue
from incidents.services.attachments import attach_file, delete_attachment, visible_attachments
from incidents.services.comments import comment_on_issue, delete_comment, edit_comment
from tracker.access import decide, may
from tracker.admin.base import actor_of
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import DomainError, InvalidInput, NotFound
from tracker.row_ids import read_row_id

MOST_FILES_SHOWN = 200
MOST_FILES_AT_ONCE = 20


class IssueTalk(WorkPage[Issue]):
    """The addresses behind the comments and files of an issue's page."""

    def get_urls(self) -> list[Any]:
        """What people do, each an address of its own."""
        return [
            self.page_url("comment", self.comment_view),
            self.page_url("edit-comment", self.edit_comment_view),
            self.page_url("delete-comment", self.delete_comment_view),
            self.page_url("attach", self.attach_view),
            self.page_url("detach", self.detach_view),
            *super().get_urls(),
        ]

    def describe_talk(self, request: HttpRequest, issue: Issue) -> dict[str, Any]:
        """Files and timeline as the page shows them."""
        actor = actor_of(request)
        before = parse_before(request.GET.get("before", ""))
        files = list(visible_attachments(actor, issue).order_by("-id")[:MOST_FILES_SHOWN])
        may_delete_any = decide(actor, "attachments", "delete").is_for_all_rows
        for file in files:
            file.may_delete = may_delete_any or file.uploaded_by_id == request.user.pk  # type: ignore[attr-defined]
        return {
            "files": files,
            "timeline": read_issue_timeline(issue, files, before=before),
            "is_older": before is not None,
            "comment_form": CommentForm(),
            "comment_tools": "admin/incidents/work/comment_tools.html",
            "may_comment": may(actor, "comments", "create"),
            "may_delete_comments": may(actor, "comments", "delete"),
            "may_attach": may(actor, "attachments", "create"),
        }

    def comment_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Adds a comment; one that is refused comes back as it was typed."""
        issue = self.take_posted(request, object_id, "read")
        if isinstance(issue, HttpResponse):
            return issue
        form = CommentForm(request.POST)
        if form.is_valid():
            try:
                comment_on_issue(actor=actor_of(request), issue=issue, body=form.cleaned_data["body"])
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, "Comment added.")
                return HttpResponseRedirect(f"{self.object_url(issue)}#timeline")
        return self.show_again(request, issue, comment_form=form)

    def edit_comment_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Changes one's own comment."""
        body = request.POST.get("body", "").replace("\r\n", "\n")

        def work(issue: Issue) -> None:
            edit_comment(actor=actor_of(request), issue=issue, comment=Comment(pk=_read_id(request)), body=body)

        return self.run_for_one(request, object_id, "read", work, "Comment changed.")

    def delete_comment_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes a comment away."""
        if not may(actor_of(request), "comments", "delete"):
            raise PermissionDenied

        def work(issue: Issue) -> None:
            delete_comment(actor=actor_of(request), issue=issue, comment=Comment(pk=_read_id(request)))

        return self.run_for_one(request, object_id, "read", work, "Comment deleted.")

    def attach_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hangs files on the issue, one by one, so that a refused one leaves the others alone."""
        issue = self.take_posted(request, object_id, "read")
        if isinstance(issue, HttpResponse):
            return issue
        files, taken = request.FILES.getlist("files"), 0
        if not 1 <= len(files) <= MOST_FILES_AT_ONCE:
            messages.error(request, f"Choose 1 to {MOST_FILES_AT_ONCE} files.")
            files = []
        for file in files:
            try:
                attach_file(actor=actor_of(request), issue=issue, upload=file)
                taken += 1
            except DomainError as error:
                messages.error(request, f"Not taken: {(file.name or 'a file')[:80]} ({error.message})")
        if taken:
            messages.success(request, f"{taken} {'file' if taken == 1 else 'files'} added.")
        return HttpResponseRedirect(f"{self.object_url(issue)}#files")

    def detach_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes a file away."""

        def work(issue: Issue) -> None:
            rows = Attachment.objects.filter(issue=issue, pk=_read_id(request))
            if (found := rows.first()) is None:
                raise NotFound("There is no such file any more.")
            delete_attachment(actor=actor_of(request), attachment=found)

        return self.run_for_one(request, object_id, "read", work, "File deleted.")


def _read_id(request: HttpRequest) -> int:
    pk = read_row_id(request.POST.get("id", ""))
    if pk is None:
        raise InvalidInput.of_field("id", "Must be a number.")
    return pk
