"""Answers: JSON by orjson, and the browsable pages for people who are logged in."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer

from tracker.exceptions import DomainError

NOTHING_IS_LOADED = "default-src 'none'; frame-ancestors 'none'"
JSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS | orjson.OPT_NAIVE_UTC


def to_json(data: Any, *, option: int = JSON_OPTIONS) -> bytes:
    """JSON with RFC 3339 dates in UTC; decimals are numbers."""
    return orjson.dumps(data, default=_fallback, option=option)


def _fallback(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON.")


class ORJSONRenderer(BaseRenderer):
    """The default renderer. Bytes pass through, and an `orjson.Fragment` may stand anywhere."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "text"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The body; empty for None."""
        if data is None:
            return b""
        if isinstance(data, bytes):
            return data
        is_for_people = bool(renderer_context and renderer_context.get("indent"))
        return to_json(data, option=JSON_OPTIONS | orjson.OPT_INDENT_2 if is_for_people else JSON_OPTIONS)


class BrowsableRenderer(BrowsableAPIRenderer):
    """REST framework's pages without the filter form, which would fetch whole tables for its choices."""

    def get_context(self, data: Any, accepted_media_type: str | None, renderer_context: Any) -> dict[str, Any]:
        """The page's context, without what brings inline styles, which our content policy forbids."""
        context: dict[str, Any] = super().get_context(data, accepted_media_type, renderer_context)
        return {**context, "code_style": "", "extra_actions": {}}

    def get_filter_form(self, data: Any, view: Any, request: Any) -> None:
        """None."""

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Any) -> Any:
        """Buttons only: bodies are written as JSON."""
        return super().get_rendered_html_form(data, view, method, request) if method in ("DELETE", "OPTIONS") else None

    def show_form_for_method(self, view: Any, method: str, request: Any, obj: Any) -> Any:
        """Whether the caller may use `method` here; every refusal of ours means no."""
        try:
            return super().show_form_for_method(view, method, request, obj)
        except DomainError:
            return False


class QuickNegotiation(DefaultContentNegotiation):
    """The usual negotiation, short cut for what nearly every machine sends."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """The renderer and its media type."""
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        if accept in ("*/*", "application/json", "application/json, */*") and not format_suffix:
            for renderer in renderers:
                if renderer.media_type == "application/json":
                    return renderer, renderer.media_type
        return super().select_renderer(request, renderers, format_suffix)


class PlainMetadata(BaseMetadata):
    """What OPTIONS says: names and media types. Rights and fields stand in the OpenAPI document."""

    def determine_metadata(self, request: Any, view: Any) -> dict[str, Any]:
        """The answer."""
        return {
            "name": view.get_view_name(),
            "renders": [renderer.media_type for renderer in view.renderer_classes],
            "parses": [parser.media_type for parser in view.parser_classes],
        }
