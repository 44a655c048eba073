"""Hooks for tests, and senders who call them."""

import itertools
import json
from typing import Any

from incidents.models import Hook
from incidents.services.hooks import create_hook
from incidents.testing.hook_samples import SECRET, headers_for
from tracker.access import Actor
from tracker.testing.factories import ApiClient

_numbers = itertools.count(1)
SYSTEM = Actor.system("test")


class Sender:
    """Somebody who calls one hook, as senders of its kind do."""

    def __init__(self, kind: str = "alertmanager", **values: Any) -> None:
        values = {"name": f"hook {next(_numbers)}", "kind": kind, "secret": SECRET, **values}
        self.hook: Hook
        self.hook, self.key = create_hook(actor=SYSTEM, values=values)
        self.client = ApiClient()

    @property
    def path(self) -> str:
        """The address with its key."""
        return f"/v1/hooks/{self.hook.kind}/{self.key}"

    def send(self, document: Any, *, content_type: str = "application/json", path: str = "", **told: Any) -> Any:
        """One call, signed; `event`, `delivery` and `secret` say how, `headers` replaces what would be sent."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = told.pop("headers", None)
        if headers is None:
            headers = headers_for(self.hook.kind, body, **{"delivery": f"d-{next(_numbers)}", **told})
        return self.client.generic("POST", path or self.path, body, content_type, headers=headers)

    def tell(self, document: Any, **told: Any) -> list[dict[str, Any]]:
        """What became of the signals of a call that is taken."""
        answer = self.send(document, **told)
        assert answer.status_code == 200, answer.content
        results: list[dict[str, Any]] = answer.json()["results"]
        return results


def alert(name: str = "DiskFull", *, status: str = "firing", **fields: Any) -> dict[str, Any]:
    """One alert of Alertmanager."""
    labels = {"alertname": name, "instance": "db1", "severity": "critical", **fields.pop("labels", {})}
    return {"status": status, "labels": labels, "annotations": {"summary": f"{name} on db1"}, **fields}


def group(*alerts: dict[str, Any]) -> dict[str, Any]:
    """A call of Alertmanager."""
    return {"version": "4", "status": "firing", "receiver": "tracker", "alerts": list(alerts)}


def issue_news(action: str = "opened", *, number: int = 7, minute: int = 0, **fields: Any) -> dict[str, Any]:
    """A call of GitHub about an issue, `minute` minutes after noon."""
    extra: dict[str, Any] = {name: fields.pop(name) for name in ("comment", "label") if name in fields}
    issue = {
        "number": number,
        "title": "The door is stuck",
        "body": "It does **not** open.",
        "state": "closed" if action == "closed" else "open",
        "labels": [{"name": "Bug"}],
        "user": {"login": "octocat"},
        "created_at": "2025-03-01T12:00:00Z",
        "updated_at": f"2025-03-01T12:{minute:02}:00Z",
        "html_url": f"https://github.com/acme/doors/issues/{number}",
    }
    return {"action": action, "issue": {**issue, **fields}, "repository": {"full_name": "acme/doors"}, **extra}
