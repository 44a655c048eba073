"""What a delivery says, made from the rows behind it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings

from incidents.channels.base import AlertNotice, Digest, Message, ServiceNotice
from incidents.choices import Notice


class LeasedRow(NamedTuple):
    """A delivery with the facts of its alert and ticket, in the order of the statement that reads them."""

    id: int
    digest_of: int | None
    channel_id: int
    key: UUID
    notice: str
    attempts: int
    payload: dict[str, Any] | None
    created_at: datetime
    traceparent: str
    kind: str
    sla_state: str
    level: int
    details: dict[str, Any] | None
    percent: float
    ended_at: datetime | None
    crossed_at: datetime
    ticket_pk: int
    ticket_id: str
    title: str
    priority: str
    customer_tier: str
    project: str


def read_row(row: tuple[Any, ...]) -> LeasedRow:
    """A row as the database gave it; Django leaves JSON undecoded in raw statements."""
    values: dict[str, Any] = dict(zip(LeasedRow._fields, row, strict=True))
    for name in ("payload", "details"):
        values[name] = orjson.loads(values[name]) if values[name] else None
    return LeasedRow(**values)


def compose_message(rows: Sequence[LeasedRow]) -> Message:
    """The message of one attempt: a single notice, or a digest where there are several rows."""
    if len(rows) > 1:
        return Digest(tuple(_alert_notice(row) for row in rows), _link("incidents/alert/"))
    row = rows[0]
    if row.payload is not None:
        return ServiceNotice(
            row.key,
            Notice(row.notice),
            row.payload["headline"],
            row.payload["text"],
            _link("incidents/channel/"),
            row.created_at,
        )
    return _alert_notice(row)


def _alert_notice(row: LeasedRow) -> AlertNotice:
    details = row.details or {}
    return AlertNotice(
        key=row.key,
        notice=Notice(row.notice),
        ticket_id=row.ticket_id,
        title=row.title,
        project=row.project,
        priority=row.priority,
        customer_tier=row.customer_tier,
        sla_type=row.kind,
        state=row.sla_state,
        escalation_level=row.level,
        elapsed_minutes=details.get("elapsed_minutes", 0),
        target_minutes=details.get("target_minutes", 0),
        percent_used=details.get("percent_used", float(row.percent)),
        details=details,
        at=row.ended_at or row.crossed_at,
        link=_link(f"incidents/ticket/{row.ticket_pk}/change/"),
    )


def _link(page: str) -> str:
    # Not reverse(): a page that is missing from the back office must not keep a message from being sent.
    return f"{settings.SITE_URL}/admin/{page}"
