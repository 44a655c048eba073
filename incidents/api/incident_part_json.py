"""Comments, files, links and timeline lines of incidents as the API tells them, and their shapes for OpenAPI."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from incidents.api.issue_part_json import describe_attachment, describe_comment, describe_events
from incidents.api.issue_shapes import IssueAttachmentSerializer, IssueCommentSerializer, IssueEventSerializer
from incidents.choices import IncidentLinkKind
from incidents.models import Attachment, Comment, Incident, IncidentLink, Issue, Ticket
from incidents.services.incident_links import Target, name_of, seen_from
from incidents.services.incident_story import Linked
from tracker.models import Event

TARGETS = ("issue", "ticket", "incident")


class IncidentCommentSerializer(IssueCommentSerializer):
    """A comment on an incident."""

    is_internal = serializers.BooleanField(help_text="kept from whoever reported the incident")


class IncidentAttachmentSerializer(IssueAttachmentSerializer):
    """A file of an incident."""

    is_internal = serializers.BooleanField(help_text="it came with an internal comment")


class LinkTargetSerializer(serializers.Serializer[Any]):
    """What is at the other end of a link."""

    type = serializers.ChoiceField(choices=TARGETS)
    key = serializers.CharField(help_text="such as OPS-3, INC-5 or ticket:T-1")
    title = serializers.CharField()
    status = serializers.CharField()
    url = serializers.CharField()


class IncidentLinkSerializer(serializers.Serializer[Any]):
    """A link as one of its ends sees it."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=IncidentLinkKind.choices)
    direction = serializers.ChoiceField(choices=["out", "in", "both"], help_text="out: this one duplicates the other")
    target = LinkTargetSerializer()
    created_at = serializers.DateTimeField()


class EventObjectSerializer(serializers.Serializer[Any]):
    """What a line of the log is about."""

    type = serializers.ChoiceField(choices=TARGETS)
    key = serializers.CharField()


class IncidentEventSerializer(IssueEventSerializer):
    """One line of the timeline of an incident and of what it is linked with."""

    object = EventObjectSerializer()


def describe_incident_comment(comment: Comment) -> dict[str, Any]:
    """A comment."""
    return {**describe_comment(comment), "is_internal": comment.is_internal}


def describe_incident_attachment(attachment: Attachment) -> dict[str, Any]:
    """A file."""
    return {**describe_attachment(attachment), "is_internal": attachment.is_internal}


def describe_incident_link(link: IncidentLink, incident: Incident) -> dict[str, Any]:
    """A link as `incident` sees it; a relation of two incidents has no direction."""
    side = seen_from(link, incident)
    return {
        "id": link.pk,
        "kind": link.kind,
        "direction": side.direction,
        "target": _describe_target(side.other),
        "created_at": link.created_at,
    }


def describe_incident_events(
    events: Sequence[Event], incident: Incident, linked: Linked, *, is_for_staff: bool
) -> list[dict[str, Any]]:
    """Lines of the log, each with what it is about."""
    told = describe_events(events, is_for_staff=is_for_staff)
    for row, event in zip(told, events, strict=True):
        key = linked.name(event.object_type, event.object_id) or incident.key
        row["object"] = {"type": event.object_type, "key": key}
    return told


def _describe_target(target: Target) -> dict[str, Any]:
    if isinstance(target, Ticket):
        kind, url = "ticket", f"/v1/tickets/{quote(target.external_id, safe='')}"
    elif isinstance(target, Issue):
        kind, url = "issue", f"/v1/issues/{target.pk}"
    else:
        kind, url = "incident", f"/v1/incidents/{target.pk}"
    return {"type": kind, "key": name_of(target), "title": target.title, "status": target.status, "url": url}
