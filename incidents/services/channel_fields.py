"""What may be written into the fields of a channel. Each check returns the value to store or raises ValueError."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from incidents.channels.email import split_recipients
from incidents.choices import KINDS_FOR_ALERTS, ChannelKind, SLAState
from incidents.models import Channel
from tracker.addresses import OutgoingRefused, check_url
from tracker.texts import is_storable

WORD_FILTERS = ("states", "priorities", "tiers", "projects")
ALERTING_STATES = frozenset({SLAState.ALERT.value, SLAState.BREACH.value})
MAX_RECIPIENTS = 20
MAX_FILTER_WORDS = 100
MAX_WORD_CHARACTERS = 60
# A name that the steps of a policy can list.
NAME = re.compile(r"[^\x00-\x1f\x7f,]{1,60}")


def _check_name(value: Any, channel: Channel) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value.strip()) or not is_storable(value):
        raise ValueError("1 to 60 characters without commas.")
    return value.strip()


def _check_kind(value: Any, channel: Channel) -> str:
    kinds = [kind for kind, _ in KINDS_FOR_ALERTS]
    if value not in kinds:
        raise ValueError(f"One of {', '.join(kinds)}.")
    return str(value)


def _check_address(value: Any, channel: Channel) -> str:
    if not isinstance(value, str):
        raise ValueError("Must be text.")
    if channel.kind == ChannelKind.EMAIL:
        return _check_recipients(value)
    try:
        check_url(value, settings.OUTGOING_ALLOWED_NETWORKS)
    except OutgoingRefused as refusal:
        raise ValueError(f"Refused: {refusal}.") from None
    return value


def _check_recipients(value: str) -> str:
    addresses = split_recipients(value)
    if not 1 <= len(addresses) <= MAX_RECIPIENTS:
        raise ValueError(f"1 to {MAX_RECIPIENTS} e-mail addresses, comma separated.")
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise ValueError("One of these is not an e-mail address.") from None
    return ", ".join(addresses)


def _check_secret(value: Any, channel: Channel) -> str:
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise ValueError("At most 200 characters.")
    return value


def _check_filters(value: Any, channel: Channel) -> dict[str, Any]:
    if not isinstance(value, dict) or not value.keys() <= {*WORD_FILTERS, "min_level"}:
        raise ValueError(f"An object with any of {', '.join(WORD_FILTERS)} and min_level.")
    level = value.get("min_level", 0)
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= 1000:
        raise ValueError("min_level is a number from 0 to 1000.")
    for name in WORD_FILTERS:
        words = value.get(name, [])
        if not isinstance(words, list) or len(words) > MAX_FILTER_WORDS or not all(map(_is_word, words)):
            raise ValueError(f"{name} is a list of words.")
    if not ALERTING_STATES.issuperset(value.get("states", [])):
        raise ValueError("states may hold alert and breach.")
    return value


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_WORD_CHARACTERS and value.isprintable()


def _check_enabled(value: Any, channel: Channel) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false.")
    return value


# In this order: whether an address is right depends on the kind.
CHECKS: dict[str, Callable[[Any, Channel], Any]] = {
    "name": _check_name,
    "kind": _check_kind,
    "url": _check_address,
    "secret": _check_secret,
    "filters": _check_filters,
    "is_enabled": _check_enabled,
}
