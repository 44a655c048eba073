"""Probes of the addresses of tickets, alerts and channels."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from incidents.choices import DeliveryStatus
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_trials import request_trial
from incidents.services.policy_versions import ensure_default_policy, publish_version
from incidents.sla.documents import default_document
from incidents.testing.enrichment_probes import PROBES as ENRICHMENT_PROBES
from incidents.testing.factories import (
    make_alert,
    make_attachment,
    make_calendar,
    make_channel,
    make_delivery,
    make_issue,
    make_ticket,
)
from incidents.testing.incident_part_probes import PROBES as INCIDENT_PART_PROBES
from incidents.testing.incident_probes import PROBES as INCIDENT_PROBES
from incidents.testing.issue_probes import PROBES as ISSUE_PROBES
from incidents.testing.ticket_events import SYSTEM, ingest, make_event
from tracker import clock
from tracker.models import User
from tracker.testing.rights import Probe

EVENT = make_event("T-NEW", "new")


def ticket(owner: User) -> Mapping[str, Any]:
    """A ticket with one event; tickets are nobody's own."""
    return {"id": make_ticket().external_id}


def ticket_with_history(owner: User) -> Mapping[str, Any]:
    """A ticket that came in as an event."""
    ingest(make_event("T-1", "new"))
    return {"id": "T-1"}


def alert(owner: User) -> Mapping[str, Any]:
    """A firing alert."""
    return {"pk": make_alert(make_ticket()).pk}


def channel(owner: User) -> Mapping[str, Any]:
    """A channel."""
    return {"pk": make_channel().pk}


def dead_delivery(owner: User) -> Mapping[str, Any]:
    """A delivery that was given up."""
    row = make_delivery(make_channel(), status=DeliveryStatus.DEAD, next_attempt_at=None)
    return {"pk": row.pk}


def policy_version(owner: User) -> Mapping[str, Any]:
    """The built-in version."""
    return {"number": ensure_default_policy().number}


def scheduled_version(owner: User) -> Mapping[str, Any]:
    """A version that is not in effect yet."""
    effective_at = clock.now() + timedelta(days=1)
    version = publish_version(actor=SYSTEM, document=default_document(), effective_at=effective_at)
    return {"number": version.number}


def calendar(owner: User) -> Mapping[str, Any]:
    """A calendar."""
    return {"pk": make_calendar().pk}


def preview(owner: User) -> Mapping[str, Any]:
    """A preview of a policy, worked out."""
    trial = request_trial(actor=SYSTEM, document=default_document())
    run_waiting_trials()
    return {"pk": trial.pk}


def attachment(owner: User) -> Mapping[str, Any]:
    """A file of an issue of theirs."""
    row = make_attachment(make_issue(reporter=owner))
    return {"id": row.issue_id, "attachment_id": row.pk}


POLICY = {"policy": {"fallback": {"response": 30, "resolution": 180}}}
APPLY = {"applies_to": "new"}
CHANNEL = {"name": "ops", "kind": "slack", "url": "https://hooks.slack.com/services/T/B/x"}
MUTE = {"until": None}
PROBES = [
    *ISSUE_PROBES,
    *INCIDENT_PROBES,
    *INCIDENT_PART_PROBES,
    *ENRICHMENT_PROBES,
    Probe("GET", "analysis", "incidents", "list"),
    Probe("GET", "v1/tickets", "tickets", "list"),
    Probe("POST", "v1/tickets", "tickets", "create", body=EVENT),
    Probe("GET", "v1/tickets/{id}", "tickets", "read", ticket),
    Probe("GET", "v1/tickets/{id}/explain", "tickets", "read", ticket),
    Probe("POST", "v1/tickets/{id}/assign", "tickets", "update", ticket, body={"assignee": None}),
    Probe("POST", "v1/tickets/{id}/transition", "tickets", "transition", ticket_with_history, body={"status": "open"}),
    Probe("GET", "v1/tickets/{id}/comments", "tickets", "read", ticket),
    Probe("POST", "v1/tickets/{id}/comments", "tickets", "update", ticket, body={"body": "Seen."}, status=201),
    Probe("GET", "v1/dashboard", "tickets", "list"),
    Probe(
        "GET", "v1/issues/{id}/attachments/{attachment_id}/content", "attachments", "read", attachment, parent="issues"
    ),
    Probe("GET", "v1/alerts", "alerts", "list"),
    Probe("GET", "v1/alerts/{pk}", "alerts", "read", alert),
    Probe("POST", "v1/alerts/{pk}/acknowledge", "alerts", "transition", alert),
    Probe("GET", "v1/deliveries", "deliveries", "list"),
    Probe("GET", "v1/deliveries/{pk}", "deliveries", "read", dead_delivery),
    Probe("POST", "v1/deliveries/{pk}/retry", "deliveries", "transition", dead_delivery),
    Probe("GET", "v1/sla/policies", "sla_policies", "list"),
    Probe("GET", "v1/sla/policies/{number}", "sla_policies", "read", policy_version),
    Probe("POST", "v1/sla/policies", "sla_policies", "create", body=POLICY, status=201),
    Probe("DELETE", "v1/sla/policies/{number}", "sla_policies", "delete", scheduled_version, status=204),
    Probe("GET", "v1/sla/policies/{number}/export", "sla_policies", "export", policy_version),
    Probe("GET", "v1/sla/calendars", "sla_policies", "list"),
    Probe("GET", "v1/sla/calendars/{pk}", "sla_policies", "read", calendar),
    Probe("GET", "v1/sla/preview", "sla_policies", "list"),
    Probe("POST", "v1/sla/preview", "sla_policies", "create", body=POLICY, status=202),
    Probe("GET", "v1/sla/preview/{pk}", "sla_policies", "read", preview),
    Probe("POST", "v1/sla/preview/{pk}/apply", "sla_policies", "create", preview, body=APPLY, status=201),
    Probe("DELETE", "v1/sla/preview/{pk}", "sla_policies", "delete", preview, status=204),
    Probe("GET", "v1/channels", "channels", "list"),
    Probe("GET", "v1/channels/{pk}", "channels", "read", channel),
    Probe("POST", "v1/channels", "channels", "create", body=CHANNEL, status=201),
    Probe("PATCH", "v1/channels/{pk}", "channels", "update", channel, body={"name": "new"}),
    Probe("DELETE", "v1/channels/{pk}", "channels", "delete", channel, status=204),
    Probe("POST", "v1/channels/{pk}/test", "channels", "transition", channel, status=202),
    Probe("POST", "v1/channels/{pk}/mute", "channels", "transition", channel, body=MUTE),
]
