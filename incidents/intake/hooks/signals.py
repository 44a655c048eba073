"""What a reader finds in a document, and how it takes single values out of what strangers sent."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_SIGNALS = 500
MAX_FINGERPRINT_CHARACTERS = 200
MAX_TITLE_CHARACTERS = 300
MAX_TEXT_CHARACTERS = 30_000
MAX_VALUE_CHARACTERS = 2_000
MAX_LABELS = 100
MAX_LABEL_NAME_CHARACTERS = 100
MAX_LABEL_CHARACTERS = 500
MOMENTS = (datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_URL = re.compile(r"https?://[^\s<>\"'`\\^{}|]{1,1990}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceComment:
    """What somebody said about an issue elsewhere; `id` is that place's own."""

    id: str
    author: str
    body: str
    action: str


@dataclass(frozen=True, slots=True)
class SourceNews:
    """An issue as the tracker that it lives in tells of it; `action` is what happened there."""

    source: str
    number: int
    action: str
    title: str
    body: str
    author: str
    tags: tuple[str, ...]
    is_done: bool
    updated_at: datetime
    tag: str = ""
    comment: SourceComment | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is wrong, or is not any more. `text` is safe Markdown, `labels` are what rules look at."""

    fingerprint: str
    is_firing: bool
    title: str
    text: str = ""
    severity_hint: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    occurred_at: datetime | None = None
    news: SourceNews | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document holds; `note` says what of it was left out. No signals is nothing to do, such as for a ping."""

    signals: tuple[Signal, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A document of no shape that the reader knows."""

    reason: str


def take_map(value: Any, name: str = "") -> dict[str, Any]:
    """An object, or the one under `name`; empty where there is none."""
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def take_list(value: Any, name: str = "") -> list[Any]:
    """A list, or the one under `name`; empty where there is none."""
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def take_text(value: Any, name: str = "", *, longest: int = MAX_VALUE_CHARACTERS) -> str:
    """A text or number as clean text, or the one under `name`; empty where there is none."""
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        value = str(value)
    return clean_text(value)[:longest].strip() if isinstance(value, str) else ""


def take_number(value: Any, name: str) -> int:
    """A positive whole number within 63 bits, also one written as text; 0 where there is none."""
    text = take_text(value, name, longest=20)
    number = int(text) if text.isascii() and text.isdecimal() else 0
    return number if number < 2**63 else 0


def take_moment(value: Any, name: str) -> datetime | None:
    """A moment with its zone, also in Unix seconds; None for none, nonsense, and "not yet", which is the year 1."""
    found = value.get(name) if isinstance(value, dict) else None
    try:
        if isinstance(found, str):
            moment = datetime.fromisoformat(found.strip()[:50])
        elif isinstance(found, int | float) and not isinstance(found, bool):
            moment = datetime.fromtimestamp(found, UTC)
        else:
            return None
        # Sentry's older payloads leave the zone out and mean UTC.
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if MOMENTS[0] <= moment <= MOMENTS[1] else None


def take_url(value: Any, name: str) -> str:
    """A web address that is safe to show as a link; empty for anything else."""
    text = take_text(value, name)
    return text if _URL.match(text) else ""


def clean_text(text: str) -> str:
    """Without control characters and halves of characters, its line ends in one spelling."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def make_title(*texts: str) -> str:
    """The first text that says something, as one line."""
    for text in texts:
        line = " ".join(text.split())
        if line:
            return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1]}…"
    return "Something is wrong"


def make_labels(*groups: Mapping[str, Any]) -> dict[str, str]:
    """Labels for rules out of several groups, the first that names a label wins; numbers become text."""
    labels: dict[str, str] = {}
    for group in groups:
        for name, value in group.items():
            key = clean_text(name)[:MAX_LABEL_NAME_CHARACTERS].strip()
            if key and key not in labels and isinstance(value, str | int | float) and len(labels) < MAX_LABELS:
                labels[key] = take_text(value, longest=MAX_LABEL_CHARACTERS)
    return labels


def make_fingerprint(given: str, otherwise: Any) -> str:
    """The sender's own where it fits; else one that is the same for the same `otherwise`."""
    if given and len(given) <= MAX_FINGERPRINT_CHARACTERS:
        return given
    told = given or json.dumps(otherwise, sort_keys=True, default=str)
    return f"made-{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:32]}"


def not_later_than(moment: datetime | None, now: datetime) -> datetime:
    """When it happened: never after `now`, whatever a sender's clock says."""
    return min(moment, now) if moment is not None else now


def has_passed(moment: datetime | None, now: datetime) -> bool:
    """Whether a moment is told and over, with some patience for clocks."""
    return moment is not None and moment <= now + timedelta(minutes=1)
