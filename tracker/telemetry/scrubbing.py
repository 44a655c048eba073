"""What leaves with an error: where it happened and of what kind it was; nothing about people, and no secret."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from tracker import logs

ADDRESS = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:]+")
# Below the first line PostgreSQL tells the values of the row at fault.
DETAIL = re.compile(r"\s*\b(?:DETAIL|CONTEXT|HINT|QUERY|STATEMENT)\s*:.*", re.DOTALL)
QUOTED = re.compile(r"'[^'\n]{0,2000}'|\"[^\"\n]{0,2000}\"")
LONGEST_TEXT = 1_000
# Our own lines about a failure that was told already, and those of the collectors themselves.
REPEATED = ("tracker.access", "django.request", "opentelemetry", "urllib3", "sentry_sdk")
KEPT = ("event_id", "timestamp", "level", "logger", "platform", "release", "environment", "transaction", "sdk", "type")
KEPT_FRAME = ("filename", "function", "module", "lineno", "abs_path", "context_line", "in_app", "pre_context")

Event = MutableMapping[str, Any]


def scrub_text(text: object) -> str:
    """A message of an exception without secrets, addresses and quoted values."""
    short = DETAIL.sub("", str(text)[: 4 * LONGEST_TEXT])
    return QUOTED.sub("'…'", ADDRESS.sub("…@…", logs.mask_text(short)))[:LONGEST_TEXT]


def scrub_event(event: Event, *, tags: Mapping[str, str]) -> Event | None:
    """The event as it may be sent: what is named here and nothing else; None for what repeats another one."""
    if str(event.get("logger", "")).startswith(REPEATED):
        return None
    clean: Event = {name: event[name] for name in KEPT if name in event}
    if "logentry" in event:
        # The pattern, not what was put into it.
        clean["logentry"] = {"message": scrub_text(event["logentry"].get("message", ""))}
    if "exception" in event:
        clean["exception"] = {"values": [_scrub_exception(one) for one in event["exception"].get("values", [])]}
    method = (event.get("request") or {}).get("method")
    clean["tags"] = {name: value for name, value in tags.items() if value} | ({"method": method} if method else {})
    return clean


def _scrub_exception(one: Mapping[str, Any]) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames", [])
    return {
        "type": one.get("type"),
        "module": one.get("module"),
        "value": scrub_text(one.get("value") or ""),
        "mechanism": {"type": "generic", "handled": bool((one.get("mechanism") or {}).get("handled", True))},
        "stacktrace": {"frames": [{name: frame[name] for name in KEPT_FRAME if name in frame} for frame in frames]},
    }
