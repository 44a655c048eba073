"""`/v1/users`: who works here. Everybody may read themselves, maintainers all; admins make and change people."""

from collections.abc import Sequence
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.access import writable_fields
from tracker.api.permissions import column_of
from tracker.api.serializers import StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.models import User
from tracker.services.anonymising import ask_to_anonymise
from tracker.services.deletions import delete_user
from tracker.services.users import create_user, update_user, visible_users


class UserSerializer(StrictModelSerializer[User]):
    """A person as they are shown."""

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "role", "timezone", "is_active", "created_at", "last_login"]
        read_only_fields = fields


def describe_user(user: User) -> dict[str, Any]:
    """The JSON of a person, as UserSerializer says it; building a serializer would cost most of a cheap request."""
    return {name: getattr(user, name) for name in UserSerializer.Meta.fields}


class OwnProfileSerializer(StrictModelSerializer[User]):
    """What everybody may change of themselves."""

    class Meta:
        model = User
        fields = ["full_name", "timezone"]


class UserChangeSerializer(StrictModelSerializer[User]):
    """What an admin may change of a person."""

    email = serializers.EmailField(max_length=254)

    class Meta:
        model = User
        fields = ["email", "full_name", "timezone", "role", "is_active"]


class NewUserSerializer(UserChangeSerializer):
    """A new person; without a password nobody can log in as them yet."""

    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True, required=False)

    class Meta(UserChangeSerializer.Meta):
        fields = ["email", "full_name", "timezone", "role", "password"]


class AnonymiseSerializer(StrictSerializer):
    """Which names stay in texts."""

    keep_names = serializers.ListField(
        child=serializers.CharField(max_length=150), max_length=100, required=False, allow_null=True,
        help_text="Of the names that they have or had, those that mean something else in what others wrote.",
    )  # fmt: skip


class UserFilter(filters.FilterSet):
    """Filters of the list."""

    class Meta:
        model = User
        fields = ["role", "is_active"]


class UserViewSet(ListMixin, RetrieveMixin, ApiViewSet[User]):
    """People."""

    resource = "users"
    serializer_class = UserSerializer
    filterset_class = UserFilter
    ordering_fields = ("email", "full_name", "created_at", "last_login")
    ordering = ("email",)
    search_fields = ("email", "full_name")
    etag_exclude = ("last_login", "password")
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def get_queryset(self) -> Any:
        """The people whom the caller may see, or change."""
        return visible_users(self.actor, column_of(self, self.request.method))

    def represent(self, objects: Sequence[User]) -> list[Any]:
        """People as JSON."""
        return [describe_user(user) for user in objects]

    @extend_schema(request=NewUserSerializer, responses={201: UserSerializer})
    def create(self, request: Request) -> Response:
        """Makes a person."""
        user = create_user(actor=self.actor, **self.valid(NewUserSerializer))
        return self.respond(user, status=201, headers={"Location": f"/v1/users/{user.pk}"})

    @extend_schema(request=UserChangeSerializer, responses=UserSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes a person: an admin what `users.adm` of access.yaml names, everybody their own name and time zone."""
        is_for_all = self.decision.is_for_all_rows
        user = self.get_object()
        changes = self.change(UserChangeSerializer if is_for_all else OwnProfileSerializer)
        return self.respond(update_user(actor=self.actor, user=user, changes=changes))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes a person to whom nothing refers; 409 says what does. Deactivate them instead."""
        delete_user(actor=self.actor, user=self.get_object())
        return Response(status=204)

    @extend_schema(request=AnonymiseSerializer, responses={202: UserSerializer})
    @action(detail=True, methods=["post"], access="transition")
    def anonymise(self, request: Request, pk: str) -> Response:
        """Shuts a person out at once and takes whatever names them out of every table. There is no way back.

        Of whoever had several names it asks which stay in texts (409 names them): people choose names themselves.
        """
        kept = self.valid(AnonymiseSerializer).get("keep_names")
        user = ask_to_anonymise(actor=self.actor, user=self.get_object(), keep_names=kept)
        return self.respond(user, status=202)


# The table says what may be written; a serializer that says something else must not start.
if set(UserChangeSerializer.Meta.fields) != writable_fields("users.adm"):
    raise RuntimeError("UserChangeSerializer and access.yaml differ.")
if set(OwnProfileSerializer.Meta.fields) != writable_fields("users.self"):
    raise RuntimeError("OwnProfileSerializer and access.yaml differ.")
