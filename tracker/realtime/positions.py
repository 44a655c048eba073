"""Where a reader stands in the log, and the opaque cursor that says so to a client."""

import base64
import binascii
import hashlib
import hmac
import struct
from functools import cache
from typing import NamedTuple

from django.conf import settings

from tracker.exceptions import InvalidInput

PACKED = struct.Struct(">QQ")
SIGNATURE_LENGTH = 8
CURSOR_LENGTH = 32


class Position(NamedTuple):
    """A place in commit order: everything up to and including this pair has been read."""

    xid: int
    id: int


def encode_cursor(position: Position) -> str:
    """The position as a client keeps it: 32 characters that it cannot make up."""
    packed = PACKED.pack(*position)
    return base64.urlsafe_b64encode(packed + _sign(packed)).decode("ascii")


def decode_cursor(text: str, *, field: str = "since") -> Position:
    """The position of a cursor that we gave out.

    Raises:
        InvalidInput: it is none of ours.
    """
    try:
        raw = (
            base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True) if len(text) == CURSOR_LENGTH else b""
        )
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    packed, signature = raw[: PACKED.size], raw[PACKED.size :]
    if len(packed) != PACKED.size or not hmac.compare_digest(signature, _sign(packed)):
        raise InvalidInput.of_field(field, "This is not a cursor of this stream; leave it out to begin now.")
    return Position(*PACKED.unpack(packed))


@cache
def _key(secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"tracker.stream.v1", hashlib.sha256)


def _sign(packed: bytes) -> bytes:
    return hmac.digest(_key(settings.SECRET_KEY), packed, hashlib.sha256)[:SIGNATURE_LENGTH]
