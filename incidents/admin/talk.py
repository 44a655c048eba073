"""What people add to a thing that is worked on: comments and files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from incidents.admin.quick_steps import R
from incidents.admin.timeline import Timeline, parse_before
from incidents.admin.work_forms import CommentForm
from incidents.admin.work_page import WorkPage
from incidents.models import Attachment, Comment
from incidents.services.attachments import attach_file, delete_attachment, visible_attachments
from incidents.services.comments import delete_comment, edit_comment
from tracker.access import Actor, decide, may
from tracker.admin.base import actor_of
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import DomainError, InvalidInput, NotFound
from tracker.row_ids import read_row_id

MOST_FILES_SHOWN = 200
MOST_FILES_AT_ONCE = 20


class TalkPage(WorkPage[R]):
    """The addresses behind the comments and files of a row's page. Subclasses say how a comment is written, and what
    the timeline tells."""

    comment_form: ClassVar[type[CommentForm]] = CommentForm

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

    def add_comment(self, *, actor: Actor, row: R, **values: Any) -> Comment:
        """Adds a comment through its service; `values` are those of the form."""
        raise NotImplementedError

    def read_timeline(self, actor: Actor, row: R, files: Sequence[Attachment], *, before: datetime | None) -> Timeline:
        """A page of the row's story; `files` are its own."""
        raise NotImplementedError

    def describe_talk(self, request: HttpRequest, row: R) -> dict[str, Any]:
        """Files and timeline as the page shows them."""
        actor = actor_of(request)
        before = parse_before(request.GET.get("before", ""))
        files = list(visible_attachments(actor, row).order_by("-id")[:MOST_FILES_SHOWN])
        may_delete_any = decide(actor, "attachments", "delete").is_for_all_rows
        for file in files:
            file.may_delete = may_delete_any or file.uploaded_by_id == request.user.pk  # type: ignore[attr-defined]
        return {
            "files": files,
            "timeline": self.read_timeline(actor, row, files, before=before),
            "is_older": before is not None,
            "comment_form": self.comment_form(),
            "comment_tools": "admin/incidents/worked_on/comment_tools.html",
            "may_comment": may(actor, "comments", "create"),
            "may_delete_comments": may(actor, "comments", "delete"),
            "may_attach": may(actor, "attachments", "create"),
        }

    def comment_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Adds a comment; one that is refused comes back as it was typed."""
        row = self.take_posted(request, object_id, "read")
        if isinstance(row, HttpResponse):
            return row
        form = self.comment_form(request.POST)
        if form.is_valid():
            try:
                self.add_comment(actor=actor_of(request), row=row, **form.cleaned_data)
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, "Comment added.")
                return HttpResponseRedirect(f"{self.object_url(row)}#timeline")
        return self.show_again(request, row, comment_form=form)

    def edit_comment_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Changes one's own comment."""
        body = request.POST.get("body", "").replace("\r\n", "\n")

        def work(row: R) -> None:
            edit_comment(actor=actor_of(request), comment=Comment(pk=_read_id(request)), body=body, **self._name(row))

        return self.run_for_one(request, object_id, "read", work, "Comment changed.")

    def delete_comment_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes a comment away."""
        if not may(actor_of(request), "comments", "delete"):
            raise PermissionDenied

        def work(row: R) -> None:
            delete_comment(actor=actor_of(request), comment=Comment(pk=_read_id(request)), **self._name(row))

        return self.run_for_one(request, object_id, "read", work, "Comment deleted.")

    def attach_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hangs files on the row, one by one, so that a refused one leaves the others alone."""
        row = self.take_posted(request, object_id, "read")
        if isinstance(row, HttpResponse):
            return row
        files, taken = request.FILES.getlist("files"), 0
        if not 1 <= len(files) <= MOST_FILES_AT_ONCE:
            messages.error(request, f"Choose 1 to {MOST_FILES_AT_ONCE} files.")
            files = []
        for file in files:
            try:
                attach_file(actor=actor_of(request), upload=file, **self._name(row))
                taken += 1
            except DomainError as error:
                messages.error(request, f"Not taken: {(file.name or 'a file')[:80]} ({error.message})")
        if taken:
            messages.success(request, f"{taken} {'file' if taken == 1 else 'files'} added.")
        return HttpResponseRedirect(f"{self.object_url(row)}#files")

    def detach_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes a file away."""

        def work(row: R) -> None:
            rows = Attachment.objects.filter(pk=_read_id(request), **self._name(row))
            if (found := rows.first()) is None:
                raise NotFound("There is no such file any more.")
            delete_attachment(actor=actor_of(request), attachment=found)

        return self.run_for_one(request, object_id, "read", work, "File deleted.")

    def _name(self, row: R) -> dict[str, Any]:
        # Comments and files hang on an issue or on an incident, and services are told on which.
        return {str(self.opts.model_name): row}


def _read_id(request: HttpRequest) -> int:
    pk = read_row_id(request.POST.get("id", ""))
    if pk is None:
        raise InvalidInput.of_field("id", "Must be a number.")
    return pk
