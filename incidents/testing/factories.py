"""Rows for tests of what is shown: plain ORM rows, no service behind them. Tests of rules go through the services."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from incidents.choices import (
    AlertState,
    AppliesTo,
    Category,
    ChannelKind,
    ClockKind,
    ClockState,
    DeliveryStatus,
    Notice,
    PolicySource,
    SLAState,
)
from incidents.models import (
    Alert,
    Attachment,
    Calendar,
    Channel,
    Clock,
    Comment,
    Delivery,
    EscalationStep,
    Issue,
    PolicyRule,
    PolicyVersion,
    Tag,
    Ticket,
    TicketEvent,
    TicketStatus,
)
from incidents.rich_text import render_markdown
from incidents.services.issue_search import refresh_search
from incidents.services.steps import build_stay
from tracker import clock
from tracker.files.keeping import keep_file
from tracker.files.uploads import Upload
from tracker.models import User
from tracker.testing.factories import make_project, make_user

_numbers = itertools.count(1)


def make_ticket(*, due_in_minutes: float | None = None, **fields: Any) -> Ticket:
    """An open ticket; with `due_in_minutes` it is due then and at alert 30 minutes before."""
    now = clock.now()
    number = next(_numbers)
    values: dict[str, Any] = {
        "external_id": f"T-{number}",
        "title": f"Something is wrong ({number})",
        "priority": "high",
        "customer_tier": "gold",
        "status": "open",
        "category": Category.ACTIVE,
        "created_at": now - timedelta(hours=1),
        "updated_at": now - timedelta(minutes=5),
        "received_at": now,
    }
    if due_in_minutes is not None:
        due_at = now + timedelta(minutes=due_in_minutes)
        values |= {"due_at": due_at, "breach_at": due_at, "alert_at": due_at - timedelta(minutes=30)}
    return Ticket.objects.create(**{**values, **fields})


def make_ticket_event(ticket: Ticket, **fields: Any) -> TicketEvent:
    """One event in a ticket's history."""
    values: dict[str, Any] = {
        "ticket": ticket,
        "fingerprint": next(_numbers).to_bytes(16, "big"),
        "updated_at": ticket.updated_at,
        "created_at": ticket.created_at,
        "priority": ticket.priority,
        "customer_tier": ticket.customer_tier,
        "status": ticket.status,
        "received_at": clock.now(),
    }
    return TicketEvent.objects.create(**{**values, **fields})


def make_comment(ticket: Ticket, author: User, body: str = "Looked at it.", **fields: Any) -> Comment:
    """An internal comment."""
    return Comment.objects.create(
        **{"ticket": ticket, "author": author, "body": body, "created_at": clock.now(), **fields}
    )


def make_issue(**fields: Any) -> Issue:
    """An open issue of a fresh project with its open span; `tags=["a"]` and `watchers=[…]` are put on."""
    number, now = next(_numbers), clock.now()
    tags, watchers = fields.pop("tags", []), fields.pop("watchers", [])
    values: dict[str, Any] = {"title": f"Something is broken ({number})", "created_at": now, "updated_at": now}
    values |= {"number": number, **fields}
    values.setdefault("project", None)
    values["project"] = values["project"] or make_project(last_issue_number=number)
    issue = Issue.objects.create(**values)
    issue.tags.set([Tag.objects.get_or_create(name=name)[0] for name in tags])
    issue.watchers.set(watchers)
    build_stay(issue, started_at=issue.created_at, by="").save()
    refresh_search([issue.pk])
    return issue


def make_issue_comment(issue: Issue, author: User, body: str = "Looked at it.", **fields: Any) -> Comment:
    """A comment on an issue."""
    values = {"issue": issue, "author": author, "body": body, "body_html": render_markdown(body)}
    comment = Comment.objects.create(**{**values, "created_at": clock.now(), **fields})
    refresh_search([issue.pk])
    return comment


def make_attachment(issue: Issue, *, content: bytes = b"hello", name: str = "note.txt", **fields: Any) -> Attachment:
    """A stored file; without `uploaded_by` the issue's reporter sent it."""
    with Upload.of_chunks(name, [content]) as upload:
        values = {"storage_key": keep_file(upload), "size_bytes": upload.size, "sha256": upload.sha256}
    uploaded_by = fields.pop("uploaded_by", None) or issue.reporter or make_user()
    values |= {"name": name, "content_type": "text/plain", "uploaded_by": uploaded_by, "created_at": clock.now()}
    return Attachment.objects.create(issue=issue, **{**values, **fields})


def make_status(name: str = "", category: str = Category.ACTIVE, **fields: Any) -> TicketStatus:
    """A status word."""
    name = name or f"Status {next(_numbers)}"
    return TicketStatus.objects.create(**{"key": name.casefold(), "name": name, "category": category, **fields})


def make_calendar(**fields: Any) -> Calendar:
    """A calendar that is open round the clock."""
    return Calendar.objects.create(**{"name": f"calendar {next(_numbers)}", **fields})


def make_policy(*, rules: int = 1, **fields: Any) -> PolicyVersion:
    """A policy version with a catch-all rule (and further ones) and steps at 85 and 100 percent."""
    number = (PolicyVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    values: dict[str, Any] = {
        "number": number,
        "effective_at": clock.now() - timedelta(days=30),
        "applies_to": AppliesTo.OPEN,
        "source": PolicySource.ADMIN,
    }
    version = PolicyVersion.objects.create(**{**values, **fields})
    calendar = make_calendar()
    for position in range(1, rules + 1):
        PolicyRule.objects.create(
            version=version, position=position, tier="*" if position == rules else f"tier{position}", priority="*",
            response_minutes=30, resolution_minutes=180, calendar=calendar,
        )  # fmt: skip
    EscalationStep.objects.create(version=version, percent=85, state=SLAState.ALERT, level=1)
    EscalationStep.objects.create(version=version, percent=100, state=SLAState.BREACH, level=2)
    return version


def make_clock(ticket: Ticket, *, policy: PolicyVersion | None = None, **fields: Any) -> Clock:
    """A running resolution clock that was started with the ticket."""
    target_minutes = fields.pop("target_minutes", 180)
    values: dict[str, Any] = {
        "ticket": ticket,
        "kind": ClockKind.RESOLUTION,
        "policy": policy or PolicyVersion.objects.order_by("-number").first() or make_policy(),
        "target_minutes": target_minutes,
        "state": ClockState.RUNNING,
        "started_at": ticket.created_at,
        "anchor_at": ticket.created_at,
        "due_at": ticket.due_at or ticket.created_at + timedelta(minutes=target_minutes),
        "crossings": [ticket.alert_at, ticket.breach_at],
    }
    return Clock.objects.create(**{**values, **fields})


def make_alert(ticket: Ticket, *, clock_row: Clock | None = None, **fields: Any) -> Alert:
    """A firing alert at 85 percent."""
    row = clock_row or make_clock(ticket, cycle=next(_numbers) % 30_000)
    moment: datetime = fields.pop("fired_at", clock.now())
    values: dict[str, Any] = {
        "ticket": ticket,
        "clock": row,
        "kind": row.kind,
        "cycle": row.cycle,
        "percent": 85,
        "sla_state": SLAState.ALERT,
        "level": 1,
        "state": AlertState.FIRING,
        "crossed_at": moment,
        "fired_at": moment,
        "details": {"elapsed_minutes": 153, "target_minutes": 180, "percent_used": 85},
    }
    return Alert.objects.create(**{**values, **fields})


def make_channel(**fields: Any) -> Channel:
    """An enabled Slack channel."""
    values: dict[str, Any] = {
        "name": f"channel {next(_numbers)}",
        "kind": ChannelKind.SLACK,
        "url": "https://hooks.slack.example/services/T000/B000/very-secret-part",
    }
    return Channel.objects.create(**{**values, **fields})


def make_delivery(channel: Channel, alert: Alert | None = None, **fields: Any) -> Delivery:
    """A delivery that waits to be sent."""
    now = clock.now()
    values: dict[str, Any] = {
        "alert": alert,
        "channel": channel,
        "notice": Notice.FIRED if alert else Notice.TEST,
        "status": DeliveryStatus.PENDING,
        "created_at": now,
        "next_attempt_at": now,
    }
    return Delivery.objects.create(**{**values, **fields})
