"""What people do to issues beyond writing their fields: move, merge, watch, and triage many at once."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.issue_serializers import BulkSerializer, MergeSerializer, MoveSerializer
from incidents.api.issue_shapes import BulkResultSerializer, WholeIssueSerializer
from incidents.models import Issue
from incidents.services.issue_moves import merge_issue, move_issue
from incidents.services.issues import find_issue, watch_issue
from incidents.services.triage import triage_issues
from incidents.services.triage_rows import TriageResult
from tracker.access import Actor
from tracker.api.serializers import EmptySerializer
from tracker.exceptions import InvalidInput


class IssueActionsMixin:
    """Actions of IssueViewSet."""

    actor: Any
    valid: Any
    respond: Any
    get_object: Any

    @extend_schema(request=MoveSerializer, responses=WholeIssueSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def transition(self, request: Request, id: str) -> Response:
        """Moves an issue along OPEN → TRIAGED → IN_PROGRESS → DONE, or reopens it."""
        values = self.valid(MoveSerializer)
        return self.respond(move_issue(actor=self.actor, issue=self.get_object(), **values))

    @extend_schema(request=MergeSerializer, responses=WholeIssueSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def merge(self, request: Request, id: str) -> Response:
        """Closes a duplicate; its comments, files, tags and watchers go to the other issue."""
        issue, into = self.get_object(), find_named(self.actor, "into", self.valid(MergeSerializer)["into"])
        return self.respond(merge_issue(actor=self.actor, issue=issue, into=into))

    @extend_schema(request=EmptySerializer, responses=WholeIssueSerializer)
    @action(detail=True, methods=["post"], access="update")
    def watch(self, request: Request, id: str) -> Response:
        """Has the caller told of changes."""
        return self._watch(is_watching=True)

    @extend_schema(request=EmptySerializer, responses=WholeIssueSerializer)
    @action(detail=True, methods=["post"], access="update")
    def unwatch(self, request: Request, id: str) -> Response:
        """No longer."""
        return self._watch(is_watching=False)

    @extend_schema(request=BulkSerializer, responses=BulkResultSerializer)
    @action(detail=False, methods=["post"], access="update")
    def bulk(self, request: Request) -> Response:
        """Changes up to 200 issues, each by itself; an unknown id is a 404 for all of them."""
        values = self.valid(BulkSerializer)
        results = triage_issues(actor=self.actor, **{"changes": {}, **values})
        return Response({"results": [describe_result(result) for result in results]})

    def _watch(self, *, is_watching: bool) -> Response:
        self.valid(EmptySerializer)
        issue = self.get_object()
        watch_issue(actor=self.actor, issue=issue, is_watching=is_watching)
        answer: Response = self.respond(issue)
        return answer


def find_named(actor: Actor, field: str, name: str) -> Issue:
    """The issue that a body names.

    Raises:
        InvalidInput: the actor sees no such issue.
    """
    issue = find_issue(actor, name)
    if issue is None:
        raise InvalidInput.of_field(field, "There is no such issue.")
    return issue


def describe_result(result: TriageResult[Any]) -> dict[str, Any]:
    """What became of one row."""
    word = "refused" if result.refusal is not None else "changed" if result.is_changed else "unchanged"
    told: dict[str, Any] = {"id": result.row.pk, "key": result.row.key, "result": word}
    if result.refusal is not None:
        error = result.refusal.as_document("")["error"]
        told["error"] = {name: error[name] for name in ("type", "message", "details")}
    return told
