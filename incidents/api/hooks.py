"""`POST /v1/hooks/{kind}/{key}`: what monitoring systems and code hosts tell. The key is the credential."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.choices import HookKind, HookOutcome
from incidents.intake.hooks.readers import FORM
from incidents.models import Hook
from incidents.services.hook_calls import Answer, RawCall, key_of, note_refusal, take_call
from incidents.services.hook_throttling import note_throttled
from incidents.services.hooks import find_hook
from tracker.api.errors import request_id_of, to_domain_error
from tracker.api.parsers import MAX_BODY_BYTES, read_body
from tracker.api.serializers import StrictSerializer
from tracker.api.throttling import count_request
from tracker.api.viewsets import ApiView
from tracker.exceptions import Throttled, TooLarge

# Some senders name no type, or text, and mean JSON.
PLAIN = frozenset({"", "text/plain", "application/octet-stream"})
KIND = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=HookKind.values)
TOKEN = OpenApiParameter("token", str, OpenApiParameter.PATH, description="The hook's key, as its address shows it.")


class HookResultSerializer(StrictSerializer):
    """What became of one signal of a call."""

    fingerprint = serializers.CharField()
    result = serializers.ChoiceField(
        ["opened", "appended", "closed", "updated", "unchanged", "unknown", "ignored", "refused"]
    )
    incident = serializers.CharField(required=False, help_text="Such as INC-12.")
    issue = serializers.CharField(required=False, help_text="Such as OPS-12.")
    note = serializers.CharField(required=False)


class HookAnswerSerializer(StrictSerializer):
    """What became of a call."""

    call = serializers.IntegerField()
    outcome = serializers.ChoiceField(HookOutcome.choices)
    is_repeated = serializers.BooleanField()
    note = serializers.CharField()
    results = HookResultSerializer(many=True)


class HookView(ApiView):
    """Intake from Alertmanager, Grafana, Sentry and GitHub."""

    is_public = True
    authentication_classes = ()

    @extend_schema(
        parameters=[KIND, TOKEN],
        request={"application/json": OpenApiTypes.OBJECT, FORM: OpenApiTypes.OBJECT},
        responses={200: HookAnswerSerializer, 202: HookAnswerSerializer},
        auth=[],
    )
    def post(self, request: Request, kind: str, token: str) -> Response:
        """Takes a call as its sender sends it. 200: taken; 202: kept, and nothing in it was understood."""
        hook = find_hook(kind, token)
        try:
            count_request(f"hook:{hook.pk}", limit=hook.rate_per_minute)
        except Throttled:
            note_throttled(hook)
            raise
        raw = _read(request, hook)
        answer = take_call(hook=hook, raw=raw, request_id=request_id_of(request))
        return Response(describe_answer(answer), status=202 if answer.call.outcome == HookOutcome.NOTED else 200)


def describe_answer(answer: Answer) -> dict[str, Any]:
    """The JSON of what became of a call."""
    results = []
    for one in answer.results:
        told = {"fingerprint": one.fingerprint, "result": one.result, **key_of(one)}
        results.append({**told, "note": one.note} if one.note else told)
    call = answer.call
    return {
        "call": call.pk,
        "outcome": call.outcome,
        "is_repeated": answer.is_repeated,
        "note": call.note,
        "results": results,
    }


def _read(request: Request, hook: Hook) -> RawCall:
    """The call as it came. One that is too large, or of a wrong type, is written down without its body."""
    inner = request._request
    headers = {name.lower(): text for name, text in inner.headers.items()}
    kind = inner.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    try:
        if not (kind in PLAIN or kind == FORM or kind == "application/json" or kind.endswith("+json")):
            raise UnsupportedMediaType(kind[:100], detail="Send JSON, or GitHub's form with a payload.")
        return RawCall(headers, read_body(inner, limit_bytes=MAX_BODY_BYTES), kind)
    except (TooLarge, UnsupportedMediaType) as refusal:
        note_refusal(hook=hook, raw=RawCall(headers, b"", kind), note=to_domain_error(refusal).message)
        raise
