"""/v1/incidents/{id}/attachments: files of an incident; attachment_content.py hands out their bytes."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.incident_part_json import IncidentAttachmentSerializer, describe_incident_attachment
from incidents.api.issue_serializers import NewAttachmentSerializer
from incidents.api.parts import INCIDENT, IncidentPartViewSet
from incidents.models import Attachment, Comment, Incident
from incidents.services.attachments import attach_file, delete_attachment, visible_attachments
from tracker.api.multipart import UploadRules
from tracker.api.viewsets import ListMixin, RetrieveMixin


@extend_schema(parameters=[INCIDENT])
class IncidentAttachmentViewSet(ListMixin, RetrieveMixin, IncidentPartViewSet[Attachment]):
    """Files, oldest first; whoever sent one, or an admin, takes it away. Reporters see no internal ones."""

    resource = "attachments"
    serializer_class = IncidentAttachmentSerializer
    lookup_url_kwarg = "attachment_id"
    http_method_names = ["get", "head", "options", "post", "delete"]
    uploads = {"create": UploadRules()}

    def rows_of(self, parent: Incident) -> "QuerySet[Attachment]":
        """The files of the incident."""
        return visible_attachments(self.actor, parent)

    def represent(self, objects: Sequence[Attachment]) -> list[Any]:
        """Files as JSON."""
        return [describe_incident_attachment(attachment) for attachment in objects]

    @extend_schema(
        request={"multipart/form-data": NewAttachmentSerializer}, responses={201: IncidentAttachmentSerializer}
    )
    def create(self, request: Request, id: str) -> Response:
        """Takes one file in a part `file` of multipart/form-data; with an internal comment it is internal."""
        incident, values = self.find_parent(), self.valid(NewAttachmentSerializer)
        comment = Comment(pk=values["comment"]) if "comment" in values else None
        attachment = attach_file(actor=self.actor, incident=incident, upload=values["file"], comment=comment)
        location = f"/v1/incidents/{incident.pk}/attachments/{attachment.pk}"
        return self.respond(attachment, status=201, headers={"Location": location})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str, attachment_id: str) -> Response:
        """Takes a file away."""
        delete_attachment(actor=self.actor, attachment=self.get_object())
        return Response(status=204)
