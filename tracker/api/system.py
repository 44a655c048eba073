"""`/v1/system`: what the page System shows, for programs of admins."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.viewsets import ApiView
from tracker.services.system import TROUBLED, Cell, Fact, Shown, Tone, read_system
from tracker.version import VERSION

TONES = "ok, alert or breach"


class ValueSerializer(serializers.Serializer[Any]):
    """One value: text, number or moment."""

    value = serializers.JSONField(allow_null=True)
    unit = serializers.CharField(help_text="bytes, seconds or nothing")
    tone = serializers.CharField(help_text=f"{TONES}, quiet or nothing")


class FactSerializer(ValueSerializer):
    """A named value, and what to do about it."""

    name = serializers.CharField()
    note = serializers.CharField()


class SectionSerializer(serializers.Serializer[Any]):
    """One part; `trouble` says why it has no answer."""

    name = serializers.CharField()
    title = serializers.CharField()
    tone = serializers.CharField(help_text=TONES)
    trouble = serializers.CharField()
    facts = FactSerializer(many=True)
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=ValueSerializer(many=True))


class SystemSerializer(serializers.Serializer[Any]):
    """Every part, and the worst of them."""

    release = serializers.CharField()
    tone = serializers.CharField(help_text=TONES)
    sections = SectionSerializer(many=True)


class SystemView(ApiView):
    """How the machinery does."""

    resource = "system"
    access = "read"
    http_method_names = ["get", "head", "options"]

    @extend_schema(responses=SystemSerializer)
    def get(self, request: Request) -> Response:
        """Releases, processes, queues, sweeps, engines, deliveries and settings as they are now."""
        sections = read_system(actor=self.actor)
        tones = {one.tone for one in sections}
        worst = next((tone for tone in TROUBLED if tone in tones), Tone.OK)
        told = [_tell_section(one) for one in sections]
        return Response({"release": VERSION, "tone": worst, "sections": told})


def _tell_section(one: Shown) -> dict[str, Any]:
    return {
        "name": one.section.name,
        "title": one.section.title,
        "tone": one.tone,
        "trouble": one.trouble,
        "facts": [{"name": fact.words, **_tell_value(fact), "note": fact.note} for fact in one.content.facts],
        "columns": list(one.content.columns),
        "rows": [[_tell_value(cell) for cell in row] for row in one.content.rows],
    }


def _tell_value(one: Fact | Cell) -> dict[str, Any]:
    return {"value": one.value, "unit": one.unit, "tone": one.tone}
