"""What hangs on an issue: comments, links and its timeline. Each is found through its issue alone."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.issue_actions import find_named
from incidents.api.issue_part_json import describe_comment, describe_events, describe_link
from incidents.api.issue_serializers import IssueCommentBodySerializer, NewLinkSerializer
from incidents.api.issue_shapes import IssueCommentSerializer, IssueEventSerializer, IssueLinkSerializer
from incidents.api.parts import ISSUE, IssuePartViewSet
from incidents.models import Comment, Issue, IssueLink
from incidents.services.comments import comment_on_issue, delete_comment, edit_comment, visible_comments
from incidents.services.issue_links import link_issues, unlink_issues
from incidents.services.issues import visible_issues
from tracker import access
from tracker.api.viewsets import ListMixin, RetrieveMixin
from tracker.models import Event


@extend_schema(parameters=[ISSUE])
class IssueCommentViewSet(ListMixin, RetrieveMixin, IssuePartViewSet[Comment]):
    """Comments, oldest first; people change their own."""

    resource = "comments"
    serializer_class = IssueCommentSerializer
    lookup_url_kwarg = "comment_id"
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def rows_of(self, parent: Issue) -> "QuerySet[Comment]":
        """The comments of the issue."""
        return visible_comments(self.actor, parent).select_related("author")

    def represent(self, objects: Sequence[Comment]) -> list[Any]:
        """Comments as JSON."""
        return [describe_comment(comment) for comment in objects]

    @extend_schema(request=IssueCommentBodySerializer, responses={201: IssueCommentSerializer})
    def create(self, request: Request, id: str) -> Response:
        """Writes a comment; those whom it mentions (@name@example.com) are told."""
        issue = self.find_parent()
        comment = comment_on_issue(actor=self.actor, issue=issue, **self.valid(IssueCommentBodySerializer))
        return self.respond(comment, status=201, headers={"Location": f"/v1/issues/{issue.pk}/comments/{comment.pk}"})

    @extend_schema(request=IssueCommentBodySerializer, responses=IssueCommentSerializer)
    def partial_update(self, request: Request, id: str, comment_id: str) -> Response:
        """Changes one's own comment."""
        comment = self.get_object()
        body = self.valid(IssueCommentBodySerializer)["body"]
        issue = Issue(pk=comment.issue_id)
        return self.respond(edit_comment(actor=self.actor, issue=issue, comment=comment, body=body))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str, comment_id: str) -> Response:
        """Takes a comment away."""
        comment = self.get_object()
        delete_comment(actor=self.actor, issue=Issue(pk=comment.issue_id), comment=comment)
        return Response(status=204)


@extend_schema(parameters=[ISSUE])
class IssueLinkViewSet(ListMixin, IssuePartViewSet[IssueLink]):
    """How the issue stands to others; those that the caller may not see are left out."""

    resource = "issues"
    access = {"get": "read", "post": "transition", "delete": "transition"}
    serializer_class = IssueLinkSerializer
    lookup_url_kwarg = "link_id"
    http_method_names = ["get", "head", "options", "post", "delete"]

    def rows_of(self, parent: Issue) -> "QuerySet[IssueLink]":
        """Links in both directions."""
        self.issue = parent
        seen = visible_issues(self.actor, "read")
        links = IssueLink.objects.filter(Q(source=parent.pk, target__in=seen) | Q(target=parent.pk, source__in=seen))
        return links.select_related("source__project", "target__project")

    def represent(self, objects: Sequence[IssueLink]) -> list[Any]:
        """Links as this issue sees them."""
        return [describe_link(link, self.issue.pk) for link in objects]

    @extend_schema(request=NewLinkSerializer, responses={201: IssueLinkSerializer})
    def create(self, request: Request, id: str) -> Response:
        """Says how the issue stands to another one; once is enough."""
        self.issue, values = self.find_parent(), self.valid(NewLinkSerializer)
        target = find_named(self.actor, "target", values["target"])
        link = link_issues(actor=self.actor, source=self.issue, target=target, kind=values["kind"])
        return self.respond(link, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str, link_id: str) -> Response:
        """Takes a link back."""
        link = self.get_object()
        unlink_issues(actor=self.actor, issue=self.issue, link=link)
        return Response(status=204)


@extend_schema_view(list=extend_schema(parameters=[ISSUE]))
class IssueEventViewSet(ListMixin, IssuePartViewSet[Event]):
    """What happened to the issue, the newest first."""

    resource = "issues"
    access = "read"
    serializer_class = IssueEventSerializer
    ordering = ("-pk",)
    http_method_names = ["get", "head", "options"]

    def rows_of(self, parent: Issue) -> "QuerySet[Event]":
        """The lines that the log has about the issue."""
        return Event.objects.filter(object_type="issue", object_id=str(parent.pk)).select_related("actor")

    def represent(self, objects: Sequence[Event]) -> list[Any]:
        """The lines, as much of each as the caller may know."""
        decision = access.decide(self.actor, "issues", "read")
        return describe_events(objects, is_for_staff=decision.is_for_all_rows)
