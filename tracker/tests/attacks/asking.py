"""Asking every address of the API, by its probe, as somebody whom it lets in."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import ApiClient, make_user, session_client
from tracker.testing.rights import Probe, all_probes

PROBES = all_probes()
WRITING = [probe for probe in PROBES if probe.method != "GET"]
READING = [probe for probe in PROBES if probe.method == "GET"]


def name_of(probe: Probe) -> str:
    """How a test is called."""
    return probe.name


class Asker:
    """An admin whose own things the probe is about."""

    def __init__(self, probe: Probe, user: User | None = None) -> None:
        self.probe = probe
        self.user = user or make_user(Role.ADMIN)
        self.client: ApiClient = session_client(self.user)
        self.values = probe.arrange(self.user)

    @property
    def path(self) -> str:
        """The address."""
        return self.probe.path(self.values)

    @property
    def body(self) -> Mapping[str, Any]:
        """The body that would do; empty where the address takes a list or nothing."""
        body = self.probe.body_for(self.values)
        return body if isinstance(body, Mapping) else {}

    def ask(self, body: Any = None, *, path: str = "", method: str = "", **extra: Any) -> Any:
        """One request; `body` may be bytes as they are."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Accept": "application/json", **extra.pop("headers", {})}
        extra.setdefault("content_type", "application/json")
        return self.client.generic(method or self.probe.method, path or self.path, content, headers=headers, **extra)

    def with_each_text(self, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The body with one of its texts replaced, text by text."""
        for name, value in self.body.items():
            if isinstance(value, str):
                yield name, {**self.body, name: text}
            elif isinstance(value, list) and all(isinstance(item, str) for item in value):
                yield name, {**self.body, name: [text]}


def check_refusal(answer: Any) -> dict[str, Any]:
    """An answer below 500 in the one shape of errors, that tells nothing about the inside; the error."""
    assert answer.status_code < 500, answer.content[:500]
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"type", "message", "details", "request_id"}
    assert error["message"]
    assert error["request_id"]
    assert len(answer.content) < 20_000
    text = answer.content.decode().lower()
    for inside in ("traceback", "psycopg", "django", 'file "', "tracker_", "incidents_"):
        assert inside not in text, text[:500]
    return error


def is_named(error: Mapping[str, Any], field: str) -> bool:
    """Whether a refusal names a field."""
    return any(detail["field"].split(".")[0] == field for detail in error["details"])
