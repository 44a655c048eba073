"""The page of one thing that is worked on: its fields, its way through the statuses, and who has it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.quick_steps import R
from incidents.admin.work_forms import AssignForm, EditedForm
from incidents.services.steps import find_moves
from tracker.access import Actor, may
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import DomainError, InvalidInput

MOVE_WORDS = {"OPEN": "Reopen", "TRIAGED": "Triaged", "IN_PROGRESS": "Start work", "DONE": "Done"}


class WorkPage(AccessAdmin[R]):
    """The part of an admin that edits, moves and assigns one row. Subclasses say by which services."""

    assign_form: ClassVar[type[AssignForm]]

    def get_urls(self) -> list[Any]:
        """What people do, each an address of its own."""
        return [
            self.page_url("edit", self.edit_view),
            self.page_url("move", self.move_view),
            self.page_url("assign", self.assign_view),
            *super().get_urls(),
        ]

    def edit_form(self, row: R, data: Any = None) -> EditedForm:
        """The form of a row's fields."""
        raise NotImplementedError

    def update_row(self, *, actor: Actor, row: R, changes: Mapping[str, Any]) -> R:
        """Changes a row through its service."""
        raise NotImplementedError

    def move_row(self, *, actor: Actor, row: R, status: str) -> R:
        """Moves a row through its service."""
        raise NotImplementedError

    def describe_work(self, request: HttpRequest, row: R) -> dict[str, Any]:
        """What the page shows of the row's standing, and its forms."""
        actor, edit_form = actor_of(request), self.edit_form(row)
        return {
            "title": f"{row.key} {row.title}",
            "status_badge": issue_badge(row.status),
            "severity_badge": severity_badge(row.severity),
            "moves": [(status, MOVE_WORDS[status]) for status in find_moves(self.resource, row.status)],
            "may_update": may(actor, self.resource, "update"),
            "may_transition": may(actor, self.resource, "transition"),
            "may_delete": self.has_delete_permission(request, row),
            "edit_form": edit_form,
            "assign_form": self.assign_form(initial={"assignee": row.assignee_id}),
            "media": self.media + edit_form.media,
        }

    def show_again(self, request: HttpRequest, row: R, **changed: Any) -> TemplateResponse:
        """The page again, with a form that was refused, so that nothing typed is lost."""
        return self.render_page(request, row, self.page_template, {**self.describe(request, row), **changed})

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Changes fields; what is refused comes back with all that was typed."""
        row = self.take_posted(request, object_id, "update")
        if isinstance(row, HttpResponse):
            return row
        form = self.edit_form(row, request.POST)
        if form.is_valid():
            try:
                self.update_row(actor=actor_of(request), row=row, changes=form.changes)
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, "Saved." if form.changes else "Nothing was changed.")
                return HttpResponseRedirect(self.object_url(row))
        return self.show_again(request, row, edit_form=form)

    def move_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Moves the row to another status."""
        status = request.POST.get("status", "")
        return self.run_for_one(
            request, object_id, "transition",
            lambda row: self.move_row(actor=actor_of(request), row=row, status=_read_status(status)),
            f"Now: {status.lower().replace('_', ' ')}.",
        )  # fmt: skip

    def assign_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Gives the row to somebody, or to nobody."""
        form = self.assign_form(request.POST)
        person = form.cleaned_data["assignee"] if form.is_valid() else None
        return self.run_for_one(
            request, object_id, "update",
            lambda row: self.update_row(actor=actor_of(request), row=row, changes=form.changes),
            f"Assigned to {person or 'nobody'}.",
        )  # fmt: skip


def _read_status(word: str) -> str:
    if word not in MOVE_WORDS:
        raise InvalidInput.of_field("status", f"One of {', '.join(MOVE_WORDS)}.")
    return word
