"""Slack's incoming webhooks: Block Kit in a coloured attachment, and a plain line for notifications."""

from collections.abc import Iterator
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
    Sent,
    ServiceNotice,
    judge_response,
)
from incidents.choices import Notice, SLAState
from tracker import clock
from tracker.addresses import OutgoingRefused
from tracker.outgoing import OutgoingClient, OutgoingFailed

RED, ORANGE, GREEN, GREY = "#d32f2f", "#f57c00", "#388e3c", "#757575"
# Slack's own limits, and a few characters of slack for what surrounds the text.
SECTION_CHARACTERS = 3000
FIELD_CHARACTERS = 1900
HEADER_CHARACTERS = 150
LINE_CHARACTERS = 120
TICKET_CHARACTERS = 40
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


async def send(
    channel: ChannelConfig, message: Message, *, key: UUID, deadline_seconds: float, client: OutgoingClient
) -> Outcome:
    """One attempt. Slack says "ok" in the body; any other body of a 2xx came from something in between."""
    body = orjson.dumps(render(message))
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": str(key)}
    try:
        response = await client.send_request(
            "POST", channel.url, headers=headers, body=body, deadline_seconds=deadline_seconds
        )
    except OutgoingRefused as refusal:
        return Dead(str(refusal), breaks_channel=True)
    except OutgoingFailed as failure:
        return Retry(str(failure))
    outcome = judge_response(response, now=clock.now())
    if isinstance(outcome, Sent) and response.body.strip() != b"ok":
        return Retry('the answer is not Slack\'s "ok"', status=response.status)
    return outcome


def render(message: Message) -> dict[str, Any]:
    """The JSON that Slack takes."""
    headline = escape_text(message.headline, SECTION_CHARACTERS)
    match message:
        case Digest():
            colours = {_colour(item) for item in message.items}
            colour = next((worst for worst in (RED, ORANGE, GREEN) if worst in colours), GREY)
            blocks = list(_digest_blocks(message))
        case ServiceNotice():
            colour, blocks = (
                GREY,
                [_section(escape_text(message.text, 2000)), _section(_link(message.link, "Open Tracker"))],
            )
        case AlertNotice():
            colour, blocks = _colour(message), _alert_blocks(message)
    return {"text": headline, "attachments": [{"color": colour, "fallback": headline, "blocks": blocks}]}


def escape_text(text: str, limit: int) -> str:
    """Text of unknown origin as Slack shows it literally: no mention, no link, no control character; at most `limit`
    characters after escaping, with an ellipsis where it was cut."""
    pieces: list[str] = []
    length = 0
    for character in " ".join(text.split()):
        # A zero-width space keeps "@channel" from being one where a client links names by itself.
        piece = ENTITIES.get(character) or ("@\u200b" if character == "@" else character)
        if not (piece.isprintable() or character == "@"):
            continue
        if length + len(piece) > limit - 1:
            pieces.append("…")
            break
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces)


def _colour(item: AlertNotice) -> str:
    if item.notice == Notice.RESOLVED:
        return GREEN
    if item.notice == Notice.WITHDRAWN:
        return GREY
    return RED if item.state == SLAState.BREACH else ORANGE


def _alert_blocks(item: AlertNotice) -> list[dict[str, Any]]:
    facts = {
        "Priority": item.priority,
        "Customer tier": item.customer_tier,
        "SLA": item.sla_type,
        "State": item.state,
        "Escalation level": str(item.escalation_level),
        "Elapsed": f"{item.elapsed_minutes:g} min",
        "Target": f"{item.target_minutes:g} min",
        "Time": f"{item.at:%Y-%m-%d %H:%M:%S} UTC",
    }
    if item.project:
        facts["Project"] = item.project
    details = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in item.details.items())
    ticket = f"*{_link(item.link, item.ticket_id)}*"
    title = escape_text(item.title, HEADER_CHARACTERS)
    return [
        _section(f"{ticket} {title}".strip()),
        {
            "type": "section",
            "fields": [_text(f"*{name}*\n{escape_text(value, FIELD_CHARACTERS)}") for name, value in facts.items()],
        },
        {"type": "context", "elements": [_text(f"Details: {escape_text(details or item.headline, FIELD_CHARACTERS)}")]},
    ]


def _digest_blocks(digest: Digest) -> Iterator[dict[str, Any]]:
    text = ""
    for item in digest.items:
        line = f"{_digest_line(item)}\n"
        if len(text) + len(line) > SECTION_CHARACTERS:
            yield _section(text)
            text = ""
        text += line
    yield _section(text)
    yield _section(_link(digest.link, "All alerts"))


def _digest_line(item: AlertNotice) -> str:
    mark = {RED: "🔴", ORANGE: "🟠", GREEN: "🟢"}.get(_colour(item), "⚪")
    facts = escape_text(item.headline.replace(f" {item.ticket_id},", "", 1), LINE_CHARACTERS)
    return f"{mark} {_link(item.link, item.ticket_id[:TICKET_CHARACTERS])} {facts}"


def _link(url: str, label: str) -> str:
    """A link to Tracker itself; a label cannot end it, because the characters that could are escaped."""
    return f"<{url.replace('|', '%7C').replace('>', '%3E')}|{escape_text(label, 200)}>"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
