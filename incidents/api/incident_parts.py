"""What hangs on an incident: comments, links and the timeline. Each is found through its incident alone."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.incident_part_json import (
    IncidentCommentSerializer,
    IncidentEventSerializer,
    IncidentLinkSerializer,
    describe_incident_comment,
    describe_incident_events,
    describe_incident_link,
)
from incidents.api.issue_serializers import IssueCommentBodySerializer
from incidents.api.parts import INCIDENT, IncidentPartViewSet
from incidents.choices import IncidentLinkKind
from incidents.models import Comment, Incident, IncidentLink
from incidents.services.carriers import sees_internals
from incidents.services.comments import comment_on_incident, delete_comment, edit_comment, visible_incident_comments
from incidents.services.incident_links import find_target, link_incident, unlink_incident, visible_links
from incidents.services.incident_story import LINK_ENDS, read_linked, story_lines
from tracker.api.serializers import StrictSerializer
from tracker.api.viewsets import ListMixin, RetrieveMixin
from tracker.exceptions import InvalidInput
from tracker.models import Event


class NewIncidentCommentSerializer(IssueCommentBodySerializer):
    """A comment to be written; `is_internal` keeps it from whoever reported the incident, and is not theirs to say."""

    is_internal = serializers.BooleanField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """The fields that the caller may write."""
        fields = super().get_fields()
        view = self.context.get("view")
        if view is not None and not getattr(view, "swagger_fake_view", False) and not sees_internals(view.actor):
            del fields["is_internal"]
        return fields


class NewIncidentLinkSerializer(StrictSerializer):
    """How the incident stands to an issue, a ticket or another incident."""

    kind = serializers.ChoiceField(choices=IncidentLinkKind.choices)
    target = serializers.CharField(max_length=140, help_text="OPS-3, INC-5 or ticket:ID")


@extend_schema(parameters=[INCIDENT])
class IncidentCommentViewSet(ListMixin, RetrieveMixin, IncidentPartViewSet[Comment]):
    """Comments, oldest first; people change their own. Reporters see no internal ones."""

    resource = "comments"
    serializer_class = IncidentCommentSerializer
    lookup_url_kwarg = "comment_id"
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def rows_of(self, parent: Incident) -> "QuerySet[Comment]":
        """The comments on the incident."""
        return visible_incident_comments(self.actor, parent).select_related("author")

    def represent(self, objects: Sequence[Comment]) -> list[Any]:
        """Comments as JSON."""
        return [describe_incident_comment(comment) for comment in objects]

    @extend_schema(request=NewIncidentCommentSerializer, responses={201: IncidentCommentSerializer})
    def create(self, request: Request, id: str) -> Response:
        """Writes a comment; those whom it mentions (@name@example.com) are told."""
        incident = self.find_parent()
        comment = comment_on_incident(actor=self.actor, incident=incident, **self.valid(NewIncidentCommentSerializer))
        location = f"/v1/incidents/{incident.pk}/comments/{comment.pk}"
        return self.respond(comment, status=201, headers={"Location": location})

    @extend_schema(request=IssueCommentBodySerializer, responses=IncidentCommentSerializer)
    def partial_update(self, request: Request, id: str, comment_id: str) -> Response:
        """Changes one's own comment; it stays internal or public."""
        comment = self.get_object()
        incident, values = Incident(pk=comment.incident_id), self.valid(IssueCommentBodySerializer)
        return self.respond(edit_comment(actor=self.actor, incident=incident, comment=comment, **values))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str, comment_id: str) -> Response:
        """Takes a comment away."""
        comment = self.get_object()
        delete_comment(actor=self.actor, incident=Incident(pk=comment.incident_id), comment=comment)
        return Response(status=204)


@extend_schema(parameters=[INCIDENT])
class IncidentLinkViewSet(ListMixin, IncidentPartViewSet[IncidentLink]):
    """How the incident stands to issues, tickets and other incidents that the caller may see."""

    resource = "incidents"
    access = {"get": "read", "post": "transition", "delete": "transition"}
    serializer_class = IncidentLinkSerializer
    lookup_url_kwarg = "link_id"
    http_method_names = ["get", "head", "options", "post", "delete"]

    def rows_of(self, parent: Incident) -> "QuerySet[IncidentLink]":
        """Links in both directions."""
        self.incident = parent
        return visible_links(self.actor, parent).select_related(*LINK_ENDS)

    def represent(self, objects: Sequence[IncidentLink]) -> list[Any]:
        """Links as this incident sees them."""
        return [describe_incident_link(link, self.incident) for link in objects]

    @extend_schema(request=NewIncidentLinkSerializer, responses={201: IncidentLinkSerializer})
    def create(self, request: Request, id: str) -> Response:
        """Says how the incident stands to something else; once is enough."""
        self.incident, values = self.find_parent(), self.valid(NewIncidentLinkSerializer)
        target = find_target(self.actor, values["target"])
        if target is None:
            raise InvalidInput.of_field("target", "There is no such thing; write OPS-3, INC-5 or ticket:ID.")
        link = link_incident(actor=self.actor, incident=self.incident, target=target, kind=values["kind"])
        return self.respond(link, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str, link_id: str) -> Response:
        """Takes a link back."""
        link = self.get_object()
        unlink_incident(actor=self.actor, incident=self.incident, link=link)
        return Response(status=204)


@extend_schema_view(list=extend_schema(parameters=[INCIDENT]))
class IncidentEventViewSet(ListMixin, IncidentPartViewSet[Event]):
    """What happened to the incident and to what it is linked with, the newest first; to reporters, what is public."""

    resource = "incidents"
    access = "read"
    serializer_class = IncidentEventSerializer
    ordering = ("-pk",)
    http_method_names = ["get", "head", "options"]

    def rows_of(self, parent: Incident) -> "QuerySet[Event]":
        """Lines of the log."""
        self.incident, self.linked = parent, read_linked(self.actor, parent)
        return story_lines(self.actor, parent, self.linked).select_related("actor")

    def represent(self, objects: Sequence[Event]) -> list[Any]:
        """The lines, as much of each as the caller may know."""
        is_for_staff = sees_internals(self.actor)
        return describe_incident_events(objects, self.incident, self.linked, is_for_staff=is_for_staff)
