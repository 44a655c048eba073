"""/v1/tags: the words that issues are found by."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import Tag
from incidents.services.issue_fields import MAX_TAG_CHARACTERS
from incidents.services.tags import create_tag, delete_tag, rename_tag
from tracker.api.serializers import StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin


class TagSerializer(StrictModelSerializer[Tag]):
    """A tag."""

    class Meta:
        model = Tag
        fields = ["id", "name", "created_at"]
        read_only_fields = fields


class TagNameSerializer(StrictSerializer):
    """The word; kept in lower case, without commas."""

    name = serializers.CharField(max_length=MAX_TAG_CHARACTERS)


class TagViewSet(ListMixin, RetrieveMixin, ApiViewSet[Tag]):
    """Tags. They belong to all who are let in."""

    resource = "tags"
    serializer_class = TagSerializer
    ordering_fields = ("name", "id")
    ordering = ("name",)
    search_fields = ("name",)
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def get_queryset(self) -> "QuerySet[Tag]":
        """All tags."""
        return Tag.objects.all()

    @extend_schema(request=TagNameSerializer, responses={201: TagSerializer})
    def create(self, request: Request) -> Response:
        """Makes a tag."""
        tag = create_tag(actor=self.actor, **self.valid(TagNameSerializer))
        return self.respond(tag, status=201, headers={"Location": f"/v1/tags/{tag.pk}"})

    @extend_schema(request=TagNameSerializer, responses=TagSerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Renames a tag on every issue that has it."""
        return self.respond(rename_tag(actor=self.actor, tag=self.get_object(), **self.change(TagNameSerializer)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Takes a tag from every issue and away."""
        delete_tag(actor=self.actor, tag=self.get_object())
        return Response(status=204)
