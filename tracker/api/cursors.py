"""Cursors: opaque, signed positions in a list."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError

from tracker.api.keyset import Keyset, Position
from tracker.exceptions import InvalidInput

MAC_BYTES = 12
LONGEST = 1500


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position, and whether the page lies in front of it."""

    position: Position
    is_backward: bool


@cache
def _key(secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"tracker.cursor.v1", hashlib.sha256)


def _mac(payload: bytes) -> bytes:
    return hmac.digest(_key(settings.SECRET_KEY), payload, hashlib.sha256)[:MAC_BYTES]


def _signature(keyset: Keyset[Any]) -> str:
    return ",".join(f"{'-' if column.is_descending else ''}{column.name}" for column in keyset.columns)


def encode(keyset: Keyset[Any], row: Any, *, is_backward: bool) -> str:
    """The cursor of the page behind (or in front of) a row."""
    position: Sequence[Any] = keyset.position_of(row)
    payload = orjson.dumps([_signature(keyset), int(is_backward), position], default=str)
    return base64.urlsafe_b64encode(_mac(payload) + payload).rstrip(b"=").decode()


def decode(keyset: Keyset[Any], text: str) -> Cursor:
    """The cursor behind a text.

    Raises:
        InvalidInput: forged, cut, or made for another order of the list.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
        # The last letter has bits to spare, so that several texts would mean the same bytes: only ours is good.
        is_ours = base64.urlsafe_b64encode(raw).rstrip(b"=") == text.encode()
        if len(text) > LONGEST or not is_ours or not hmac.compare_digest(mac, _mac(payload)):
            raise ValueError(text)
        signature, is_backward, values = orjson.loads(payload)
        if signature != _signature(keyset):
            raise InvalidInput.of_field("cursor", "It belongs to another ordering; start again without it.")
        return Cursor(keyset.parse(values), bool(is_backward))
    except (ValueError, TypeError, UnicodeEncodeError, binascii.Error, ValidationError):
        raise InvalidInput.of_field("cursor", "Use the cursor of a `next` or `previous` link as it is.") from None
