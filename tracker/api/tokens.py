"""`/v1/tokens`: list, issue (the plaintext is shown once) and revoke."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.serializers import EmptySerializer, StrictModelSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.choices import Scope
from tracker.models import ApiToken
from tracker.services.tokens import issue_token, revoke_token, visible_tokens


class TokenSerializer(StrictModelSerializer[ApiToken]):
    """A token as it is shown: never its digest."""

    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=len(Scope.choices)
    )
    owner = serializers.EmailField(source="owner.email", read_only=True)

    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "scopes",
            "owner",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        ]
        read_only_fields = ["id", "prefix", "created_at", "last_used_at", "revoked_at"]


class IssuedTokenSerializer(TokenSerializer):
    """A new token with its plaintext."""

    token = serializers.CharField(read_only=True, help_text="Shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class TokenViewSet(ListMixin, RetrieveMixin, ApiViewSet[ApiToken]):
    """API tokens: one's own, or everybody's for an admin."""

    resource = "api_tokens"
    serializer_class = TokenSerializer
    ordering_fields = ("created_at", "last_used_at", "name")
    ordering = ("-id",)
    search_fields = ("name", "prefix")
    etag_exclude = ("last_used_at",)
    hidden_keys = ("token",)

    def get_queryset(self) -> Any:
        """The caller's tokens."""
        return visible_tokens(self.actor).select_related("owner")

    @extend_schema(responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Issues a token for the caller."""
        values = self.valid(TokenSerializer)
        token, plaintext = issue_token(actor=self.actor, owner=self.person, **values)
        response = self.respond(token, status=201, headers={"Location": f"/v1/tokens/{token.pk}"})
        response.data["token"] = plaintext
        return response

    @extend_schema(request=EmptySerializer, responses=TokenSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def revoke(self, request: Request, pk: str) -> Response:
        """Makes a token worthless at once."""
        self.valid(EmptySerializer)
        return self.respond(revoke_token(actor=self.actor, token=self.get_object()))
