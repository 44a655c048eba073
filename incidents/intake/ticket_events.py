"""Reading ticket events: from bytes or rows to checked, canonical events, each fault named by index and field.

The whole list is decoded in one go (some 50 times faster than event by event in Python); only a list with a fault in it
is read again event by event, so that every bad one can be named.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any, NamedTuple

import msgspec
import orjson
from msgspec import Meta

from tracker import clock
from tracker.exceptions import FieldError, InvalidInput, TooLarge

MAX_EVENTS = 10_000
MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_ATTRIBUTES_BYTES = 16 * 1024
MAX_ATTRIBUTES_DEPTH = 20
MAX_REPORTED_FAULTS = 100
MAX_FUTURE = timedelta(minutes=5)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

MAX_WORD = 40
MAX_STATUS = 60

Word = Annotated[str, Meta(min_length=1, max_length=MAX_WORD)]
Moment = Annotated[datetime, Meta(tz=True)]


class TicketEventInput(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One event as a sender may write it; anything else is refused."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+~-]{0,127}\Z")]
    priority: Word
    created_at: Moment
    updated_at: Moment
    status: Annotated[str, Meta(min_length=1, max_length=MAX_STATUS)]
    customer_tier: Word
    sequence: Annotated[int, Meta(ge=-(2**62), le=2**62)] | None = None
    title: Annotated[str, Meta(max_length=300)] | None = None
    description: Annotated[str, Meta(max_length=20_000)] | None = None
    url: Annotated[str, Meta(max_length=2000, pattern=r"^(https?://[^\s<>\"]+)?\Z")] | None = None
    project: Annotated[str, Meta(max_length=12)] | None = None
    assignee: Annotated[str, Meta(max_length=200)] | None = None
    attributes: dict[str, Any] | None = None


class TicketSnapshot(NamedTuple):
    """A checked event in canonical form: times in UTC, priority and tier in lower case, no project = empty.

    `extra` holds the optional fields that were sent, as JSON; `project` is one of them.
    """

    external_id: str
    priority: str
    customer_tier: str
    status: str
    created_at: datetime
    updated_at: datetime
    sequence: int | None
    project: str
    extra: bytes | None
    fingerprint: bytes


# Text that is not UTF-8 is noticed only when it is decoded, and then by Python's own error.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Extras(msgspec.Struct, omit_defaults=True, gc=False):
    """The optional fields as they are kept: without those that say nothing."""

    assignee: str | None = None
    attributes: dict[str, Any] | None = None
    description: str | None = None
    project: str | None = None
    title: str | None = None
    url: str | None = None


FIELD_NAMES = TicketEventInput.__struct_fields__
_KEY_MARKS = [f'"{name}"'.encode() for name in FIELD_NAMES]
_decode_list = msgspec.json.Decoder(list[TicketEventInput]).decode
_decode_one = msgspec.json.Decoder(TicketEventInput).decode
_decode_raw_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_PATH = re.compile(r" - at `\$(?:\[\d+\])?\.?([^`]*)`$")
_NAMED_FIELD = re.compile(r"(?:required|unknown) field `([^`]*)`")


class Faults:
    """Collects what is wrong with a batch, up to a limit that keeps the answer readable."""

    def __init__(self) -> None:
        self.details: list[FieldError] = []

    def add(self, index: int, field: str, message: str) -> None:
        """One more fault of the event at `index`."""
        if len(self.details) < MAX_REPORTED_FAULTS:
            self.details.append(FieldError(field, message, index))


def read_events(body: bytes) -> tuple[list[tuple[int, TicketSnapshot]], list[FieldError], bool]:
    """Reads one event or a list of them.

    Returns:
        the good events with their index, the faults of the others, and whether a single object was sent.

    Raises:
        TooLarge: more than MAX_BODY_BYTES or MAX_EVENTS.
        InvalidInput: not JSON at all.
    """
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge(f"The body may have {MAX_BODY_BYTES} bytes; this one has {len(body)}.")
    stripped = body.strip()
    is_single = stripped[:1] == b"{"
    text = b"[" + stripped + b"]" if is_single else stripped
    try:
        inputs = _decode_list(text)
    except UNREADABLE:
        inputs = None
    if inputs is None or len(inputs) > MAX_EVENTS or _may_repeat_keys(text, len(inputs)):
        return (*_read_one_by_one(text), is_single)
    return (*_check_all(enumerate(inputs)), is_single)


def read_rows(rows: Sequence[dict[str, Any]]) -> tuple[list[tuple[int, TicketSnapshot]], list[FieldError]]:
    """The same for events that are dicts already (files, forms), with times as text or aware datetimes."""
    inputs: list[tuple[int, TicketEventInput]] = []
    faults = Faults()
    for index, row in enumerate(rows):
        try:
            inputs.append((index, msgspec.convert(row, TicketEventInput, strict=False)))
        except msgspec.ValidationError as error:
            faults.add(index, *_explain(error))
    good, details = _check_all(inputs)
    return good, faults.details + details


def _may_repeat_keys(text: bytes, count: int) -> bool:
    """Whether some event may name a key twice, judged without parsing: false alarms cost time, never a verdict."""
    return b"\\u" in text or any(text.count(mark) > count for mark in _KEY_MARKS)


def _read_one_by_one(text: bytes) -> tuple[list[tuple[int, TicketSnapshot]], list[FieldError]]:
    try:
        raws = _decode_raw_list(text)
    except UNREADABLE as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidInput.of_field("body", f"Send one JSON object or a list of them: {reason}.") from None
    if len(raws) > MAX_EVENTS:
        raise TooLarge(f"One call may bring {MAX_EVENTS} events; this one has {len(raws)}.")
    faults = Faults()
    inputs: list[tuple[int, TicketEventInput]] = []
    for index, raw in enumerate(raws):
        try:
            event = _decode_one(raw)
            _refuse_repeated_keys(bytes(raw))
            inputs.append((index, event))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            faults.add(index, *_explain(error))
        except RecursionError:
            faults.add(index, "attributes", f"May be nested {MAX_ATTRIBUTES_DEPTH} levels deep.")
    good, details = _check_all(inputs)
    return good, sorted(faults.details + details, key=lambda fault: fault.index or 0)


def _refuse_repeated_keys(raw: bytes) -> None:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        if len(set(keys)) != len(keys):
            name = next(key for key in keys if keys.count(key) > 1)
            raise msgspec.ValidationError(f"A key may stand once - at `$.{name}`")
        return dict(items)

    json.loads(raw, object_pairs_hook=pairs)


def _explain(error: Exception) -> tuple[str, str]:
    """The field and a sentence, from msgspec's message."""
    message = str(error)
    found = _PATH.search(message) or _NAMED_FIELD.search(message)
    field = found.group(1).split(".")[0] if found else "event"
    return field or "event", _PATH.sub("", message).rstrip(".") + "."


def _check_all(
    inputs: Iterable[tuple[int, TicketEventInput]],
) -> tuple[list[tuple[int, TicketSnapshot]], list[FieldError]]:
    faults = Faults()
    latest = clock.now() + MAX_FUTURE
    good: list[tuple[int, TicketSnapshot]] = []
    for index, event in inputs:
        fault = _find_fault(event, latest)
        if fault is None:
            good.append((index, make_snapshot(event)))
        else:
            faults.add(index, *fault)
    return good, faults.details


def _find_fault(event: TicketEventInput, latest: datetime) -> tuple[str, str] | None:
    for name, moment in (("created_at", event.created_at), ("updated_at", event.updated_at)):
        if not EARLIEST <= moment <= latest:
            limit = "before 1970" if moment < EARLIEST else "more than 5 minutes in the future"
            return name, f"May not be {limit}."
    words = f"{event.priority}{event.customer_tier}{event.status}{event.title}{event.description}{event.assignee}"
    if "\x00" in words or "\x00" in f"{event.url}{event.project}":
        fields = [name for name in FIELD_NAMES if "\x00" in str(getattr(event, name) or "")]
        return fields[0], "Text may not contain NUL characters."
    if not words.isascii() and (field := _find_word_that_grows(event)):
        return field, "Is too long once its case is folded."
    if event.priority.isspace() or event.customer_tier.isspace() or event.status.isspace():
        return "status", "Priority, customer_tier and status may not be blank."
    return _find_fault_in_attributes(event.attributes) if event.attributes is not None else None


def _find_word_that_grows(event: TicketEventInput) -> str | None:
    """Some letters are two in lower case, or three when folded; what is stored must still fit."""
    if len(event.priority.lower()) > MAX_WORD:
        return "priority"
    if len(event.customer_tier.lower()) > MAX_WORD:
        return "customer_tier"
    return "status" if len(event.status.casefold()) > MAX_STATUS else None


def _find_fault_in_attributes(attributes: dict[str, Any]) -> tuple[str, str] | None:
    if _depth(attributes, MAX_ATTRIBUTES_DEPTH) > MAX_ATTRIBUTES_DEPTH:
        return "attributes", f"May be nested {MAX_ATTRIBUTES_DEPTH} levels deep."
    text = msgspec.json.encode(attributes)
    if len(text) > MAX_ATTRIBUTES_BYTES:
        return "attributes", f"May have {MAX_ATTRIBUTES_BYTES} bytes of JSON."
    if b"\\u0000" in text:
        return "attributes", "Text may not contain NUL characters."
    return None


def _depth(value: Any, allowed: int) -> int:
    if allowed < 0 or not isinstance(value, dict | list):
        return 0
    members = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(member, allowed - 1) for member in members), default=0)


def make_snapshot(event: TicketEventInput) -> TicketSnapshot:
    """The canonical form of a checked event, with the fingerprint by which a repeat is known."""
    created_at = event.created_at.astimezone(UTC)
    updated_at = event.updated_at.astimezone(UTC)
    priority = event.priority.strip().lower()
    tier = event.customer_tier.strip().lower()
    status = event.status.strip()
    extra = _pack_extra(event)
    content = orjson.dumps((priority, tier, status, created_at, updated_at, event.sequence))
    fingerprint = blake2b(content + extra if extra is not None else content, digest_size=16).digest()
    return TicketSnapshot(
        event.id, priority, tier, status, created_at, updated_at, event.sequence, event.project or "", extra,
        fingerprint,
    )  # fmt: skip


def _pack_extra(event: TicketEventInput) -> bytes | None:
    extras = Extras(
        event.assignee or None,
        event.attributes or None,
        event.description or None,
        event.project or None,
        event.title or None,
        event.url or None,
    )
    # msgspec and not orjson, which refuses whole numbers beyond 64 bits.
    packed = msgspec.json.encode(extras, order="sorted")
    return packed if packed != b"{}" else None
