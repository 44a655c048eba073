"""`/v1/projects`: what issues and tickets belong to. Reporters see those that they own or are a member of."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracker import access
from tracker.access import Actor
from tracker.api.etags import etag_of
from tracker.api.filters import FlagFilter
from tracker.api.row_fields import PersonField
from tracker.api.serializers import StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.models import Project, User
from tracker.models.users import normalise_email
from tracker.row_ids import read_row_id
from tracker.services.projects import (
    MAX_MEMBERS,
    create_project,
    delete_project,
    update_project,
    visible_projects,
)

KEY_RULE = "2 to 12 capitals and digits, a capital first"


class PeopleField(serializers.ListField):
    """People by their e-mail addresses, looked up at once."""

    child = serializers.EmailField(max_length=254)

    def to_internal_value(self, data: Any) -> list[User]:
        """The people."""
        addresses = [normalise_email(address) for address in super().to_internal_value(data)]
        people = {person.email: person for person in User.objects.filter(email__in=addresses)}
        unknown = [address for address in addresses if address not in people]
        if unknown:
            raise serializers.ValidationError(f"There is nobody called {unknown[0]}.")
        return list(people.values())


class ProjectSerializer(serializers.Serializer[Project]):
    """A project as it is shown."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    name = serializers.CharField()
    owner = serializers.EmailField(allow_null=True)
    is_archived = serializers.BooleanField()
    archived_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class WholeProjectSerializer(ProjectSerializer):
    """One project."""

    members = serializers.ListField(
        child=serializers.EmailField(), allow_null=True, help_text="null for who may not list people"
    )


class ProjectChangeSerializer(StrictSerializer):
    """What may be changed of a project."""

    name = serializers.CharField(max_length=120)
    owner = PersonField(max_length=254, allow_null=True, required=False)
    members = PeopleField(max_length=MAX_MEMBERS, required=False)
    is_archived = serializers.BooleanField(required=False)


class NewProjectSerializer(StrictSerializer):
    """A new project; its key stays what it is."""

    key = serializers.RegexField(
        r"^[A-Z][A-Z0-9]{1,11}\Z", help_text=KEY_RULE, error_messages={"invalid": f"Must be {KEY_RULE}."}
    )
    name = serializers.CharField(max_length=120)
    owner = PersonField(max_length=254, allow_null=True, required=False)
    members = PeopleField(max_length=MAX_MEMBERS, required=False)


class ArchiveSerializer(StrictSerializer):
    """Whether the project takes new issues."""

    is_archived = serializers.BooleanField()


class ProjectFilterSet(filters.FilterSet):
    """What the list may be narrowed by."""

    is_archived = FlagFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Project
        fields: Sequence[str] = ()


class ProjectViewSet(ListMixin, RetrieveMixin, ApiViewSet[Project]):
    """Projects by their id or key."""

    resource = "projects"
    serializer_class = ProjectSerializer
    filterset_class = ProjectFilterSet
    ordering_fields = ("key", "name", "created_at")
    ordering = ("key",)
    search_fields = ("key", "name")
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def get_queryset(self) -> "QuerySet[Project]":
        """The projects that the caller may know of."""
        return visible_projects(self.actor).select_related("owner")

    def find(self, queryset: "QuerySet[Project]") -> "QuerySet[Project]":
        """The project of this id or key."""
        name = self.kwargs["pk"]
        pk = read_row_id(name)
        return queryset.filter(Q(pk=pk) if pk is not None else Q(key=name.upper()))

    def etag(self, instance: Project) -> str:
        """The version of everything that the answer shows."""
        return etag_of(describe_whole_project(self.actor, instance).values())

    def represent(self, objects: Sequence[Project]) -> list[Any]:
        """Projects in a list."""
        return [describe_project(project) for project in objects]

    def respond(self, instance: Project, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """One project with its members."""
        told = describe_whole_project(self.actor, instance)
        return Response(told, status=status, headers={"ETag": etag_of(told.values()), **(headers or {})})

    @extend_schema(responses=WholeProjectSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One project."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=NewProjectSerializer, responses={201: WholeProjectSerializer})
    def create(self, request: Request) -> Response:
        """Makes a project."""
        project = create_project(actor=self.actor, **self.valid(NewProjectSerializer))
        return self.respond(project, status=201, headers={"Location": f"/v1/projects/{project.key}"})

    @extend_schema(request=ProjectChangeSerializer, responses=WholeProjectSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes name, owner, members, or whether it is archived."""
        project = self.get_object()
        changes = self.change(ProjectChangeSerializer)
        return self.respond(update_project(actor=self.actor, project=project, changes=changes))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes a project to which nothing belongs."""
        delete_project(actor=self.actor, project=self.get_object())
        return Response(status=204)

    @extend_schema(request=ArchiveSerializer, responses=WholeProjectSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def transition(self, request: Request, pk: str) -> Response:
        """Archives a project, which then takes no new issues, or opens it again."""
        changes = self.valid(ArchiveSerializer)
        return self.respond(update_project(actor=self.actor, project=self.get_object(), changes=changes))


def describe_project(project: Project) -> dict[str, Any]:
    """A project as ProjectSerializer says it."""
    return {
        "id": project.pk,
        "key": project.key,
        "name": project.name,
        "owner": project.owner.email if project.owner else None,
        "is_archived": project.archived_at is not None,
        "archived_at": project.archived_at,
        "created_at": project.created_at,
    }


def describe_whole_project(actor: Actor, project: Project) -> dict[str, Any]:
    """A project with its members, who are shown to those who may list people."""
    members = None
    if access.may(actor, "users", "list"):
        members = list(project.members.order_by("email").values_list("email", flat=True))
    return {**describe_project(project), "members": members}
