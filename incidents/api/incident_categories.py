"""/v1/incident-categories: the kinds of incidents."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import IncidentCategory
from incidents.services.incident_categories import create_category, delete_category, update_category
from tracker.api.serializers import StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin

LAST_POSITION = 32_767


class IncidentCategorySerializer(StrictModelSerializer[IncidentCategory]):
    """A category."""

    is_archived = serializers.SerializerMethodField()

    class Meta:
        model = IncidentCategory
        fields = ["id", "key", "name", "position", "is_archived", "archived_at", "created_at"]
        read_only_fields = fields

    def get_is_archived(self, category: IncidentCategory) -> bool:
        """Whether nothing new may belong to it."""
        return category.archived_at is not None


class CategoryChangeSerializer(StrictSerializer):
    """What may be changed of a category; its key stays, because addresses and rules name it."""

    name = serializers.CharField(max_length=60, required=False)
    position = serializers.IntegerField(min_value=0, max_value=LAST_POSITION, required=False)
    is_archived = serializers.BooleanField(required=False)


class NewCategorySerializer(StrictSerializer):
    """A new category."""

    key = serializers.CharField(max_length=30, help_text="2 to 30 small letters, digits and underscores")
    name = serializers.CharField(max_length=60)
    position = serializers.IntegerField(min_value=0, max_value=LAST_POSITION, required=False)


class IncidentCategoryViewSet(ListMixin, RetrieveMixin, ApiViewSet[IncidentCategory]):
    """Categories by their id or key. They belong to all who are let in; admins edit them."""

    resource = "incident_categories"
    serializer_class = IncidentCategorySerializer
    ordering_fields = ("position", "key", "name", "id")
    ordering = ("position", "key")
    search_fields = ("key", "name")
    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def get_queryset(self) -> "QuerySet[IncidentCategory]":
        """All of them, the archived ones too."""
        return IncidentCategory.objects.all()

    def find(self, queryset: "QuerySet[IncidentCategory]") -> "QuerySet[IncidentCategory]":
        """The category of this id or key; keys begin with a letter."""
        name = str(self.kwargs["id"])
        is_number = name.isascii() and name.isdecimal() and len(name) < 19
        return queryset.filter(Q(pk=int(name)) if is_number else Q(key=name))

    @extend_schema(request=NewCategorySerializer, responses={201: IncidentCategorySerializer})
    def create(self, request: Request) -> Response:
        """Makes a category."""
        category = create_category(actor=self.actor, **self.valid(NewCategorySerializer))
        return self.respond(category, status=201, headers={"Location": f"/v1/incident-categories/{category.key}"})

    @extend_schema(request=CategoryChangeSerializer, responses=IncidentCategorySerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Renames, moves or archives a category."""
        category = self.get_object()
        changes = self.change(CategoryChangeSerializer)
        return self.respond(update_category(actor=self.actor, category=category, changes=changes))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Deletes a category that nothing belongs to."""
        delete_category(actor=self.actor, category=self.get_object())
        return Response(status=204)
