"""What a service says when it refuses. Every entrance (API, admin, command, stream) renders these alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_DETAILS = 50
# Some messages quote what was sent.
MOST_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with the input. `index` is the position in a list that was sent, from 0."""

    field: str
    message: str
    index: int | None = None


class DomainError(Exception):
    """A refusal with a stable type, an HTTP status and, where input is at fault, the fields."""

    status = 400
    type = "domain_error"

    def __init__(
        self, message: str, *, details: Sequence[FieldError] = (), retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)
        self.retry_after_seconds = retry_after_seconds

    def as_document(self, request_id: str) -> dict[str, Any]:
        """The one shape of an error that every surface answers with; it names the first MOST_DETAILS fields."""
        details = [
            {"field": item.field, "message": item.message[:MOST_CHARACTERS]}
            | ({} if item.index is None else {"index": item.index})
            for item in self.details[:MOST_DETAILS]
        ]
        message = self.message[:MOST_CHARACTERS]
        return {"error": {"type": self.type, "message": message, "details": details, "request_id": request_id}}


class InvalidInput(DomainError):
    """The input breaks a rule; `details` names each field."""

    status, type = 400, "invalid_input"

    @classmethod
    def of_field(cls, field: str, message: str, index: int | None = None) -> "InvalidInput":
        """The common case of one wrong field."""
        return cls(f"{field}: {message}", details=[FieldError(field, message, index)])

    @classmethod
    def of_fields(cls, messages: Mapping[str, Iterable[str]]) -> "InvalidInput":
        """Several wrong fields, such as a model's validation names them."""
        details = [FieldError(field, message) for field, texts in messages.items() for message in texts]
        return cls(f"{details[0].field}: {details[0].message}", details=details)


class NotAuthenticated(DomainError):
    """Nobody is logged in, or the credential is not valid any more."""

    status, type = 401, "not_authenticated"


class PermissionDenied(DomainError):
    """The caller is known and may not do this."""

    status, type = 403, "permission_denied"


class NotFound(DomainError):
    """There is no such thing, or the caller may not know that there is."""

    status, type = 404, "not_found"

    @classmethod
    def unseen(cls) -> "NotFound":
        """The one answer for what is not there and for what may not be known, so that nobody can tell them apart."""
        return cls("There is nothing here, or nothing that you may see.")


class Conflict(DomainError):
    """The present state does not allow it."""

    status, type = 409, "conflict"


class PreconditionFailed(DomainError):
    """If-Match names another version: somebody changed the object in between."""

    status, type = 412, "precondition_failed"


class TooLarge(DomainError):
    """More than the limit in one call."""

    status, type = 413, "too_large"


class QuotaExceeded(TooLarge):
    """More than one person may keep here."""

    type = "quota_exceeded"


class UnprocessableKey(DomainError):
    """The Idempotency-Key was used with another body."""

    status, type = 422, "idempotency_key_reused"


class Throttled(DomainError):
    """Too many calls; `retry_after_seconds` says when to come back."""

    status, type = 429, "throttled"


class Unavailable(DomainError):
    """A part that must work does not; try again later."""

    status, type = 503, "unavailable"


class InsufficientStorage(DomainError):
    """The disk is full; what was sent is not kept."""

    status, type = 507, "insufficient_storage"
