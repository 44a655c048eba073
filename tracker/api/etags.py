"""ETags: which version of an object the caller saw, so that nobody overwrites what they have not read."""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson
from django.db.models import BinaryField, Model
from django.utils.http import parse_etags

from tracker.exceptions import PreconditionFailed


def etag_of(values: Iterable[Any]) -> str:
    """A strong ETag over values that change whenever the object does."""
    payload = orjson.dumps(list(values), default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
    return f'"{hashlib.blake2b(payload, digest_size=12).hexdigest()}"'


def values_of(instance: Model, *, exclude: Iterable[str] = ()) -> list[Any]:
    """All stored columns of a row, which is what its ETag is made from unless a view knows better."""
    skipped = set(exclude)
    return [
        instance.__dict__.get(field.attname)
        for field in instance._meta.concrete_fields
        if field.name not in skipped and not isinstance(field, BinaryField)
    ]


def check_match(if_match: str, etag: str) -> None:
    """Compares If-Match with the object as it is now, which the caller has locked.

    Raises:
        PreconditionFailed: it has changed.
    """
    wanted = parse_etags(if_match)
    if wanted != ["*"] and etag not in wanted:
        raise PreconditionFailed("Somebody changed this in between. Read it again, then repeat your change.")


def is_unchanged(if_none_match: str, etag: str) -> bool:
    """Whether the caller has this version already (weak comparison, as RFC 9110 asks)."""
    wanted = [tag.removeprefix("W/") for tag in parse_etags(if_none_match)]
    return wanted == ["*"] or etag in wanted
