"""`/v1/auth/…`: log in, refresh, log out, change the password, and who one is."""

from typing import Any

from django.contrib.auth import logout, update_session_auth_hash
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.access import Actor
from tracker.api.errors import request_id_of
from tracker.api.etags import check_match, etag_of, values_of
from tracker.api.serializers import EmptySerializer, StrictSerializer
from tracker.api.users import OwnProfileSerializer, UserSerializer, describe_user
from tracker.api.viewsets import ApiView
from tracker.client_address import counted_address
from tracker.devices import known_device_of, remember_device
from tracker.exceptions import InvalidInput, NotAuthenticated
from tracker.models import LoginSession, User
from tracker.services.logins import TokenPair, end_login, refresh_login, start_login
from tracker.services.passwords import LONGEST_PASSWORD, check_credentials
from tracker.services.second_factors import require_second_factor
from tracker.services.users import change_password, update_user


class CredentialsSerializer(StrictSerializer):
    """E-mail and password, and where there is a second factor a code of it."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    otp = serializers.CharField(max_length=40, required=False, default="", help_text="A code of the second factor.")


class RefreshSerializer(StrictSerializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4096)


class PasswordSerializer(StrictSerializer):
    """The old and the new password; `keep_tokens` leaves one's API tokens alive."""

    current_password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    new_password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    keep_tokens = serializers.BooleanField(default=False)


class TokenPairSerializer(StrictSerializer):
    """What a login hands out."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")
    user = UserSerializer()


def describe_pair(pair: TokenPair) -> dict[str, Any]:
    """The JSON of a token pair."""
    return {
        "access": pair.access,
        "refresh": pair.refresh,
        "token_type": "Bearer",
        "expires_in": pair.expires_in_seconds,
        "user": describe_user(pair.user),
    }


class LoginView(ApiView):
    """E-mail + password → access and refresh token."""

    is_public = True
    authentication_classes = ()

    @extend_schema(request=CredentialsSerializer, responses=TokenPairSerializer)
    def post(self, request: Request) -> Response:
        """Logs in. Ten attempts in a quarter of an hour, then 429; as many codes of a second factor."""
        values = self.valid(CredentialsSerializer)
        code, inner = values.pop("otp"), request._request
        user = check_credentials(**values, address=counted_address(inner), known_device_of=known_device_of(inner))
        actor = Actor.of_user(user, request_id=request_id_of(request))
        require_second_factor(actor=actor, user=user, code=code)
        pair = start_login(actor=actor, user=user)
        response = Response(describe_pair(pair))
        remember_device(response, user)
        return response


class RefreshView(ApiView):
    """Refresh token → the next pair."""

    is_public = True
    authentication_classes = ()

    @extend_schema(request=RefreshSerializer, responses=TokenPairSerializer)
    def post(self, request: Request) -> Response:
        """Turns the pair. Each refresh token works once; a second use ends the login."""
        return Response(
            describe_pair(refresh_login(actor=self.actor, refresh_token=self.valid(RefreshSerializer)["refresh"]))
        )


class LogoutView(ApiView):
    """Ends the login that speaks."""

    resource, access = "users", {"post": "update"}

    @extend_schema(request=EmptySerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Logs out: the access and the refresh token, or the session, are worthless from now on."""
        self.valid(EmptySerializer)
        if isinstance(request.auth, LoginSession):
            end_login(actor=self.actor, session=request.auth)
        else:
            logout(request._request)
        return Response(status=204)


class PasswordView(ApiView):
    """Changes one's own password."""

    resource, access = "users", {"post": "update"}
    keeps_answers = False

    @extend_schema(request=PasswordSerializer, responses={200: TokenPairSerializer, 204: None})
    def post(self, request: Request) -> Response:
        """Ends every other login and session. Answers with a new token pair; a session goes on and gets a 204."""
        values = self.valid(PasswordSerializer)
        try:
            user = change_password(actor=self.actor, user=self.person, **values)
        except NotAuthenticated as error:
            raise InvalidInput.of_field("current_password", error.message) from None
        if isinstance(request.auth, LoginSession):
            return Response(describe_pair(start_login(actor=self.actor, user=user)))
        update_session_auth_hash(request._request, user)
        return Response(status=204)


class MeView(ApiView):
    """Oneself."""

    resource, access = "users", {"get": "read", "patch": "update"}

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Who one is."""
        return self._respond(self.person)

    @extend_schema(request=OwnProfileSerializer, responses=UserSerializer)
    def patch(self, request: Request) -> Response:
        """Changes one's name or time zone."""
        values = self.valid(OwnProfileSerializer, partial=True)
        person = self.person
        if "If-Match" in request.headers:
            person = User.objects.select_for_update().get(pk=person.pk)
            check_match(request.headers["If-Match"], _etag(person))
        return self._respond(update_user(actor=self.actor, user=person, changes=values))

    def _respond(self, user: User) -> Response:
        return Response(describe_user(user), headers={"ETag": _etag(user)})


def _etag(user: User) -> str:
    return etag_of(values_of(user, exclude=("last_login", "password")))
