"""`/v1/notifications`: what the caller was told, what of it they have read, and how they want to be told."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.filters import ChoiceInFilter
from tracker.api.serializers import EmptySerializer, StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.choices import MailWish, NotificationKind
from tracker.models import Notification, NotificationPreference
from tracker.services.notification_lists import mark_all_read, mark_read, visible_notifications
from tracker.services.preferences import CHOSEN_KINDS, read_preferences, set_preferences
from tracker.subjects import all_subjects


class NotificationSerializer(StrictModelSerializer[Notification]):
    """One line of a person's list. `link` leads to what it is about."""

    actor = serializers.CharField(source="actor_label")
    link = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = [
            "id",
            "kind",
            "headline",
            "body",
            "actor",
            "object_type",
            "object_id",
            "link",
            "created_at",
            "read_at",
        ]
        read_only_fields = fields

    def get_link(self, notification: Notification) -> str | None:
        """The object's address in the API."""
        subject = all_subjects().get(notification.object_type)
        return subject.address.format(id=notification.object_id) if subject else None


class NotificationFilter(filters.FilterSet):
    """What the list may be narrowed by."""

    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")
    kind = ChoiceInFilter(field_name="kind", lookup_expr="in", choices=[(str(k), k.label) for k in CHOSEN_KINDS])

    class Meta:
        model = Notification
        fields: Sequence[str] = ()


class WishSerializer(StrictSerializer):
    """How to be told of one kind of thing."""

    listed = serializers.BooleanField(source="is_listed", required=False)
    mail = serializers.ChoiceField(choices=MailWish.choices, required=False)


class PreferencesSerializer(StrictSerializer):
    """How to be told of everything."""

    assigned = WishSerializer(required=False)
    mentioned = WishSerializer(required=False)
    watched = WishSerializer(required=False)
    report_ready = WishSerializer(required=False)
    operation = WishSerializer(required=False)


class ReadAllSerializer(StrictSerializer):
    """What came of reading everything."""

    marked = serializers.IntegerField(read_only=True)


class NotificationViewSet(ListMixin, RetrieveMixin, ApiViewSet[Notification]):
    """One's own notifications, the newest first."""

    resource = "notifications"
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    ordering_fields: Mapping[str, str] = {"id": "pk"}
    ordering: Sequence[str] = ("-pk",)

    def get_queryset(self) -> QuerySet[Notification]:
        """What the caller was told and may still see."""
        return visible_notifications(self.actor)

    @extend_schema(request=EmptySerializer, responses=NotificationSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def read(self, request: Request, pk: str) -> Response:
        """Notes that the caller has seen one."""
        self.valid(EmptySerializer)
        return self.respond(mark_read(actor=self.actor, notification=self.get_object()))

    @extend_schema(request=EmptySerializer, responses=ReadAllSerializer)
    @action(detail=False, methods=["post"], url_path="read-all", access="transition")
    def read_all(self, request: Request) -> Response:
        """Notes that the caller has seen all."""
        self.valid(EmptySerializer)
        return Response({"marked": mark_all_read(actor=self.actor)})

    @extend_schema(methods=["get"], responses=PreferencesSerializer)
    @extend_schema(methods=["patch"], request=PreferencesSerializer, responses=PreferencesSerializer)
    @action(detail=False, methods=["get", "patch"], access={"get": "list", "patch": "update"}, pagination_class=None)
    def preferences(self, request: Request) -> Response:
        """How the caller is told of what; PATCH changes it."""
        if request.method == "PATCH":
            return Response(_tell(set_preferences(actor=self.actor, changes=self.change(PreferencesSerializer))))
        return Response(_tell(read_preferences(self.person)))


def _tell(preferences: Mapping[NotificationKind, NotificationPreference]) -> dict[str, Any]:
    return {str(kind): {"listed": row.is_listed, "mail": row.mail} for kind, row in preferences.items()}


# A kind that people choose about, and the API does not know, must not start.
if set(PreferencesSerializer().fields) != set(CHOSEN_KINDS):
    raise RuntimeError("PreferencesSerializer and NotificationKind differ.")
