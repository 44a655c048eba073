"""Every refusal in one shape, whoever raised it: our services, REST framework, Django or the database.

`{"error": {"type", "message", "details": [{"field", "index"?, "message"}], "request_id"}}`; never a trace, a version,
or the text of an exception that was not meant for readers.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest
from rest_framework import exceptions as drf
from rest_framework.response import Response

from tracker.exceptions import (
    Conflict,
    DomainError,
    FieldError,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Throttled,
    TooLarge,
    Unavailable,
)

logger = logging.getLogger(__name__)
DATABASE_RETRY_SECONDS = 5
AUTHENTICATE = 'Bearer realm="tracker"'
DRF_TYPES = {405: "method_not_allowed", 406: "not_acceptable", 415: "unsupported_media_type"}


class UnexpectedError(DomainError):
    """What is answered when nobody foresaw it; the log has the trace under the same request id."""

    status, type = 500, "internal_error"


def request_id_of(request: Any) -> str:
    """The id that the outermost middleware gave this request."""
    return str(getattr(request, "request_id", "") or "")


def error_headers(error: DomainError) -> dict[str, str]:
    """What a refusal says in headers."""
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = AUTHENTICATE
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return headers


def render_exception(exc: Exception, context: Mapping[str, Any]) -> Response:
    """REST framework's EXCEPTION_HANDLER: an answer for any exception."""
    request = context.get("request")
    error = to_domain_error(exc)
    if error.status >= 500:
        # The message alone would hide where it happened; the trace goes to the log and nowhere else.
        logger.error("A request failed: %s", type(exc).__name__, exc_info=exc)
    headers = error_headers(error)
    if isinstance(exc, drf.MethodNotAllowed):
        headers["Allow"] = ", ".join(getattr(context.get("view"), "allowed_methods", []))
    return Response(error.as_document(request_id_of(request)), status=error.status, headers=headers, exception=True)


def to_domain_error(exc: Exception) -> DomainError:
    """The refusal that an exception amounts to; an UnexpectedError for what nobody foresaw."""
    match exc:
        case DomainError():
            return exc
        case drf.APIException():
            return _of_rest_framework(exc)
        case Http404() | ObjectDoesNotExist():
            return NotFound.unseen()
        case DjangoPermissionDenied():
            return PermissionDenied("You may not do this.")
        case DjangoValidationError():
            return InvalidInput("The input breaks a rule.", details=list(_of_validation(exc)))
        case RequestDataTooBig():
            return TooLarge("The body is larger than this address takes.")
        case SuspiciousOperation():
            return InvalidInput("The request is malformed.")
        case IntegrityError():
            return _of_integrity(exc)
        case DataError():
            return InvalidInput("A value does not fit: too long, too large, or with a NUL character.")
        case OperationalError() | InterfaceError():
            return Unavailable("The database does not answer.", retry_after_seconds=DATABASE_RETRY_SECONDS)
    return UnexpectedError("Something went wrong on our side. The request id leads to the details in the log.")


def _of_rest_framework(exc: drf.APIException) -> DomainError:
    match exc:
        case drf.ValidationError():
            details = list(flatten(exc.detail))
            message = f"{details[0].field}: {details[0].message}" if details else "The input breaks a rule."
            return InvalidInput(message, details=details)
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return NotAuthenticated(str(exc.detail))
        case drf.PermissionDenied():
            return PermissionDenied(str(exc.detail))
        case drf.NotFound():
            return NotFound.unseen()
        case drf.Throttled():
            return Throttled("Too many requests.", retry_after_seconds=60)
    error = DomainError(str(exc.detail))
    error.status, error.type = exc.status_code, DRF_TYPES.get(exc.status_code, "invalid_input")
    return error


def flatten(detail: Any, path: str = "", index: int | None = None) -> Iterator[FieldError]:
    """REST framework's nested errors, each with the dotted path of its field and its place in the list sent."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            is_whole = key in ("non_field_errors", "__all__")
            step = str(key)
            yield from flatten(value, path if is_whole else f"{path}.{step}".lstrip("."), index)
    elif isinstance(detail, list):
        for position, item in enumerate(detail):
            is_list_member = isinstance(item, Mapping) and not path and index is None
            yield from flatten(item, path, position if is_list_member else index)
    else:
        yield FieldError(path, str(detail), index)


def _of_validation(exc: DjangoValidationError) -> Iterator[FieldError]:
    if not hasattr(exc, "error_dict"):
        yield from (FieldError("", message) for message in exc.messages)
        return
    for field, messages in exc.message_dict.items():
        yield from (FieldError("" if field == "__all__" else field, message) for message in messages)


def _of_integrity(exc: IntegrityError) -> DomainError:
    cause = exc.__cause__
    diagnosis = getattr(cause, "diag", None)
    state = getattr(cause, "sqlstate", "")
    if state == "23505":
        fields = _key_columns(getattr(diagnosis, "message_detail", "") or "")
        details = [FieldError(field, "This value is taken.") for field in fields]
        return Conflict(f"{', '.join(fields) or 'A value'}: taken by another object.", details=details)
    if state == "23503":
        return Conflict("Other objects refer to this, or it refers to something that is gone.")
    if state == "23514":
        return InvalidInput(f"The values break the rule {getattr(diagnosis, 'constraint_name', '')}.")
    return UnexpectedError("Something went wrong on our side.")


def _key_columns(detail: str) -> list[str]:
    # PostgreSQL says `Key (lower(email::text))=(a@b.c) already exists.`; the values are nobody's business here.
    match = re.match(r"Key \((.*?)\)=\(", detail)
    columns = re.findall(r"(?:\w+\()?\"?(\w+)\"?(?:::[\w ]+)?\)*(?:, |$)", match.group(1)) if match else []
    return [column.removesuffix("_id") for column in columns]


def as_http_request(request: Any) -> HttpRequest:
    """The Django request inside a REST framework one, or itself."""
    inner: HttpRequest = getattr(request, "_request", request)
    return inner
