"""`/v1/auth/…` for whoever cannot log in yet, or not any more. No answer tells whether somebody is known."""

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.access import writable_fields
from tracker.api.serializers import StrictSerializer
from tracker.api.viewsets import ApiView
from tracker.client_address import counted_address
from tracker.services.password_resets import ask_for_reset, reset_password
from tracker.services.passwords import LONGEST_PASSWORD
from tracker.services.registrations import confirm_email, is_open, register_person


class RegistrationSerializer(StrictSerializer):
    """Who one is. What one may do is decided elsewhere."""

    email = serializers.CharField(max_length=254)
    full_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class RegisteredSerializer(StrictSerializer):
    """What follows."""

    email = serializers.CharField()
    needs_confirmation = serializers.BooleanField(
        help_text="Whether a letter has to be answered before the first login."
    )


class LinkSerializer(StrictSerializer):
    """The two parts of a link from a letter: …/<uid>/<token>."""

    uid = serializers.CharField(max_length=40)
    token = serializers.CharField(max_length=100)


class AddressSerializer(StrictSerializer):
    """An e-mail address."""

    email = serializers.CharField(max_length=254)


class NewPasswordSerializer(LinkSerializer):
    """A link from a letter, and the new password."""

    new_password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class RegisterView(ApiView):
    """Registers a person, where REGISTRATION_DOMAINS is set."""

    is_public = True
    authentication_classes = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """While registration is closed there is nothing here, to the last byte of the answer."""
        if not is_open():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(request=RegistrationSerializer, responses={201: RegisteredSerializer})
    def post(self, request: Request) -> Response:
        """Makes a reporter. An address that is known is answered the same, and told so by letter."""
        values = self.valid(RegistrationSerializer)
        done = register_person(actor=self.actor, **values, address=counted_address(request._request))
        return Response({"email": done.email, "needs_confirmation": done.needs_confirmation}, status=201)


class ConfirmView(ApiView):
    """Confirms an e-mail address."""

    is_public = True
    authentication_classes = ()

    @extend_schema(request=LinkSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Lets a registered person log in."""
        confirm_email(actor=self.actor, **self.valid(LinkSerializer))
        return Response(status=204)


class ResetView(ApiView):
    """Asks for a new password."""

    is_public = True
    authentication_classes = ()

    @extend_schema(request=AddressSerializer, responses={202: None})
    def post(self, request: Request) -> Response:
        """Sends a letter to whoever has this address, if anybody."""
        values = self.valid(AddressSerializer)
        ask_for_reset(actor=self.actor, **values, address=counted_address(request._request))
        return Response(status=202)


class ResetConfirmView(ApiView):
    """Sets a new password."""

    is_public = True
    authentication_classes = ()

    @extend_schema(request=NewPasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sets it by a link from a letter; every login, session and token ends."""
        reset_password(actor=self.actor, **self.valid(NewPasswordSerializer))
        return Response(status=204)


# The table says what may be written; a serializer that says something else must not start.
if set(RegistrationSerializer().fields) != writable_fields("registration"):
    raise RuntimeError("RegistrationSerializer and access.yaml differ.")
