"""Idempotency-Key: a repeated POST gets the answer of the first, and the work is done once.

The record is inserted in the transaction of the work, so that both are there or neither. A twin that runs at the same
time waits on the unique index and then finds the answer, or, where the first one failed, does the work itself.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from tracker import clock
from tracker.exceptions import InvalidInput, UnprocessableKey
from tracker.models import IdempotencyRecord
from tracker.services.pruning import ANSWERS_ARE_KEPT_FOR

HEADER = "Idempotency-Key"
RETENTION = ANSWERS_ARE_KEPT_FOR
LONGEST_KEY = 255
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
CLAIM = """
INSERT INTO tracker_idempotencyrecord AS kept (caller, key, request_digest, response_headers, created_at)
VALUES (%(caller)s, %(key)s, %(digest)s, '{}', %(now)s)
ON CONFLICT (caller, key) DO UPDATE SET request_digest = excluded.request_digest, created_at = excluded.created_at,
    response_status = NULL, response_body = NULL, response_headers = '{}'
WHERE kept.created_at < %(expired)s
RETURNING id
"""


def request_digest(method: str, full_path: str, body: bytes) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), full_path.encode(), body))).digest()


def answer_once(
    *,
    caller: str,
    key: str,
    digest: bytes,
    produce: Callable[[], HttpResponseBase],
    hidden_keys: tuple[str, ...] = (),
) -> HttpResponseBase:
    """The stored answer, or that of `produce`, which runs inside the transaction and returns a rendered response.

    Answers of 400 and more are not kept: the work was not done. `hidden_keys` are stored as null, because a secret that
    is shown once must not lie in the database.

    Raises:
        InvalidInput: no usable key.
        UnprocessableKey: the key belongs to another request.
    """
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput.of_field(HEADER, f"Send 1 to {LONGEST_KEY} printable characters.")
    with transaction.atomic():
        record_id = _claim(caller, key, digest)
        if record_id is None:
            return _replay(IdempotencyRecord.objects.get(caller=caller, key=key), digest)
        response = produce()
        if response.status_code >= 400 or not isinstance(response, HttpResponse):
            transaction.set_rollback(True)
        else:
            _keep(record_id, response, hidden_keys)
    return response


def _claim(caller: str, key: str, digest: bytes) -> int | None:
    now = clock.now()
    values: dict[str, Any] = {"caller": caller, "key": key, "digest": digest, "now": now, "expired": now - RETENTION}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _keep(record_id: int, response: HttpResponse, hidden_keys: tuple[str, ...]) -> None:
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    body = _without(response.content, hidden_keys) if hidden_keys else response.content
    IdempotencyRecord.objects.filter(pk=record_id).update(
        response_status=response.status_code, response_body=body, response_headers=headers
    )


def _without(body: bytes, hidden_keys: tuple[str, ...]) -> bytes:
    data: dict[str, Any] = orjson.loads(body)
    return orjson.dumps({name: None if name in hidden_keys else value for name, value in data.items()})


def _replay(record: IdempotencyRecord, digest: bytes) -> HttpResponse:
    if bytes(record.request_digest) != digest:
        raise UnprocessableKey("This Idempotency-Key belongs to another request; take a new one.")
    response = HttpResponse(bytes(record.response_body or b""), status=record.response_status)
    for name, value in record.response_headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response
