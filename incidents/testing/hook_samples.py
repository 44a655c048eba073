"""Payloads as real senders send them, with the headers of each sender. The bodies are not ours to keep here."""

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from tracker.testing.real_data import DATA

WEBHOOKS = DATA / "webhooks"
SECRET = "a secret that both sides know"
AGENTS = {
    "alertmanager": "Alertmanager/0.28.1",
    "grafana": "Grafana",
    "github": "GitHub-Hookshot/044aadd",
    "sentry": "sentry/24.1.0",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A file, the kind of hook it goes to, and how many signals it holds; none where its shape is unknown there."""

    path: str
    kind: str
    signals: int = 1
    event: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """Where it lies."""
        return WEBHOOKS / self.path

    @property
    def body(self) -> bytes:
        """The bytes, as they are signed."""
        return self.file.read_bytes()


SAMPLES = [
    Sample("alertmanager/zulip.alert_two_firing.json", "alertmanager", 2),
    Sample("alertmanager/prometheus_bot.emptyValue.json", "alertmanager"),
    Sample("alertmanager/prometheus_bot.production_example.json", "alertmanager", 11),
    Sample("grafana/unified_alert_v11.json", "grafana"),
    Sample("grafana/legacy_alert.json", "grafana"),
    Sample("sentry/issue_created_webhook.json", "sentry", event="issue"),
    Sample("sentry/issue_alert_triggered_webhook.json", "sentry", event="event_alert"),
    Sample("sentry/sdk_event.js_event_with_unix_timestamp.json", "sentry", 0),
    Sample("sentry/sdk_event.python_logging.json", "sentry", 0),
    Sample("sentry/sdk_event.very_small_event.json", "sentry", 0),
    Sample("github/issues.opened.payload.json", "github", event="issues"),
    Sample("github/issues.opened.with-empty-body.payload.json", "github", event="issues"),
    Sample("github/issues.edited.payload.json", "github", event="issues"),
    Sample("github/issues.labeled.payload.json", "github", event="issues"),
    Sample("github/issues.assigned.with-installation.payload.json", "github", event="issues"),
    Sample("github/issues.reopened.payload.json", "github", event="issues"),
    Sample("github/issue_comment.created.payload.json", "github", event="issue_comment"),
    Sample("pagerduty/incident_triggered_v3.json", "alertmanager", 0),
    Sample("pagerduty/incident_resolved_v3.json", "sentry", 0),
]


def sign(body: bytes, secret: str = SECRET) -> str:
    """The hex of HMAC-SHA256, as GitHub and Sentry compute it."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers_for(kind: str, body: bytes, *, event: str = "", delivery: str = "", secret: str = SECRET) -> dict[str, str]:
    """The headers that a sender of this kind sends with a body."""
    headers = {"User-Agent": AGENTS[kind]}
    if kind == "github":
        headers |= {
            "Accept": "*/*",
            "X-GitHub-Event": event or "issues",
            "X-GitHub-Delivery": delivery or hashlib.sha256(body).hexdigest()[:36],
            "X-GitHub-Hook-ID": "292430182",
            "X-GitHub-Hook-Installation-Target-Type": "repository",
            "X-Hub-Signature": "sha1=0000000000000000000000000000000000000000",
            "X-Hub-Signature-256": f"sha256={sign(body, secret)}",
        }
    if kind == "sentry":
        headers |= {
            "Request-ID": hashlib.sha256(body).hexdigest()[:32],
            "Sentry-Hook-Resource": event or "issue",
            "Sentry-Hook-Timestamp": "1763719200",
            "Sentry-Hook-Signature": sign(body, secret),
        }
    return headers
