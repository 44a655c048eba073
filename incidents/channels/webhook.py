"""Webhooks of any kind: a JSON body, signed, under a key by which the receiver knows a repeated delivery.

    X-Tracker-Signature: t=<unix time>,v1=<hex HMAC-SHA256 of "<t>.<body>" under the channel's secret>
    Idempotency-Key, X-Tracker-Delivery: the delivery's id, the same in every attempt

docs/channels.md shows a receiver that checks them.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from incidents.channels.base import (
    AlertNotice,
    ChannelConfig,
    Dead,
    Digest,
    Message,
    Outcome,
    Retry,
    ServiceNotice,
    judge_response,
)
from tracker import clock
from tracker.addresses import OutgoingRefused
from tracker.outgoing import OutgoingClient, OutgoingFailed


async def send(
    channel: ChannelConfig, message: Message, *, key: UUID, deadline_seconds: float, client: OutgoingClient
) -> Outcome:
    """One attempt."""
    body = orjson.dumps(render(message, key))
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(key), "X-Tracker-Delivery": str(key)}
    if channel.secret:
        headers["X-Tracker-Signature"] = sign(body, channel.secret, at=clock.now())
    try:
        response = await client.send_request(
            "POST", channel.url, headers=headers, body=body, deadline_seconds=deadline_seconds
        )
    except OutgoingRefused as refusal:
        return Dead(str(refusal), breaks_channel=True)
    except OutgoingFailed as failure:
        return Retry(str(failure))
    return judge_response(response, now=clock.now())


def sign(body: bytes, secret: str, *, at: datetime) -> str:
    """The signature header of a body sent at a moment."""
    moment = int(at.timestamp())
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def render(message: Message, key: UUID) -> dict[str, Any]:
    """The body: always a list of notices, so that a receiver handles one and a flood alike."""
    match message:
        case Digest():
            notices = [_alert(item) for item in message.items]
        case ServiceNotice():
            notices = [_service(message)]
        case AlertNotice():
            notices = [_alert(message)]
    return {"version": 1, "delivery": str(key), "notices": notices}


def _alert(item: AlertNotice) -> dict[str, Any]:
    return {
        "delivery": str(item.key),
        "notice": item.notice,
        "ticket_id": item.ticket_id,
        "title": item.title,
        "project": item.project,
        "priority": item.priority,
        "customer_tier": item.customer_tier,
        "sla_type": item.sla_type,
        "state": item.state,
        "escalation_level": item.escalation_level,
        "elapsed_minutes": item.elapsed_minutes,
        "target_minutes": item.target_minutes,
        "percent_used": item.percent_used,
        "details": dict(item.details),
        "timestamp": item.at,
        "link": item.link,
    }


def _service(message: ServiceNotice) -> dict[str, Any]:
    return {
        "delivery": str(message.key),
        "notice": message.notice,
        "title": message.headline,
        "text": message.text,
        "timestamp": message.at,
        "link": message.link,
    }
