"""The OpenAPI document: what every operation has in common."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from tracker.api.errors import AUTHENTICATE

ERRORS = {
    "400": "The input breaks a rule; `details` names each field.",
    "401": "Nobody is logged in, or the credential is not valid.",
    "403": "The caller may not do this, or the token lacks a scope.",
    "404": "There is no such thing, or the caller may not know of it.",
    "405": "No such operation.",
    "406": "Only JSON is spoken here.",
    "409": "The present state does not allow it.",
    "412": "`If-Match` names another version.",
    "413": "The body is too large.",
    "415": "Not JSON in UTF-8, or compressed.",
    "422": "The `Idempotency-Key` belongs to another request.",
    "429": "Too many requests; see `Retry-After`.",
    "503": "A part that must work does not; see `Retry-After`.",
}
OF_WRITES = ("409", "412", "413", "415", "422")
ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "message", "details", "request_id"],
            "properties": {
                "type": {"type": "string", "examples": ["invalid_input"]},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {
                            "field": {"type": "string"},
                            "index": {"type": "integer", "minimum": 0},
                            "message": {"type": "string"},
                        },
                    },
                },
                "request_id": {"type": "string"},
            },
        }
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repeated request with the same key and body gets the stored answer for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the version that was read; 412 when it has changed.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the version that is known; 304 when it has not changed.",
    "schema": {"type": "string"},
}


class ApiSchema(AutoSchema):
    """An operation of our views: the headers that every one of its kind takes."""

    def get_override_parameters(self) -> list[Any]:
        """Headers by method."""
        parameters: list[Any] = list(super().get_override_parameters())
        return parameters

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation with the headers of its kind and every refusal."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            self._add_headers(operation)
            self._add_errors(operation)
        return operation

    def _add_headers(self, operation: dict[str, Any]) -> None:
        parameters = operation.setdefault("parameters", [])
        is_detail = bool(getattr(self.view, "detail", False))
        if self.method == "POST":
            parameters.append(IDEMPOTENCY_KEY)
        if is_detail and self.method != "GET":
            parameters.append(IF_MATCH)
        if is_detail and self.method == "GET":
            parameters.append(IF_NONE_MATCH)

    def _add_errors(self, operation: dict[str, Any]) -> None:
        for status in ERRORS:
            if self.method == "GET" and status in OF_WRITES:
                continue
            operation["responses"].setdefault(status, {"$ref": f"#/components/responses/Error{status}"})


def add_error_responses(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing: the shared error answers that every operation refers to."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = ERROR_SCHEMA
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses = components.setdefault("responses", {})
    for status, text in ERRORS.items():
        responses[f"Error{status}"] = {"description": text, "content": content}
    return result


class BearerScheme(OpenApiAuthenticationExtension):
    """How BearerAuthentication stands in the document."""

    target_class = "tracker.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A JWT or an API token."""
        text = f"`{AUTHENTICATE}`: the access token of a login (JWT), or an API token (`trk_…`) with scopes."
        return {"type": "http", "scheme": "bearer", "description": text}


class SessionScheme(OpenApiAuthenticationExtension):
    """How SessionAuthentication stands in the document."""

    target_class = "tracker.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The browser's cookie."""
        text = "A browser's session; unsafe methods need the header X-CSRFToken."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": text}
