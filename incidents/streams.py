"""What goes over the wire: alerts on the WebSocket, everything on the event stream."""

from django.core.serializers.json import DjangoJSONEncoder

from tracker.asgi_types import Receive, Scope, Send
from tracker.realtime.feed import Wanted
from tracker.realtime.log_reader import StreamEvent
from tracker.realtime.rights import AUDIT_WORDS, RESOURCES
from tracker.realtime.sse import serve_events
from tracker.realtime.websocket import serve_websocket

ALERT_FIELDS = ("ticket_id", "sla_type", "state", "details", "escalation_level", "timestamp")
ALERTS = Wanted(("alert",))
KNOWN_TYPES = frozenset(RESOURCES) | AUDIT_WORDS
_encode = DjangoJSONEncoder(separators=(",", ":")).encode


def render_alert(event: StreamEvent) -> str:
    """One message of /ws/alerts: the contract's fields, what else the alert says of itself, and the cursor."""
    fields = {name: event.data.get(name) for name in ALERT_FIELDS}
    fields["timestamp"] = fields["timestamp"] or event.at
    return _encode({**event.data, **fields, "event": event.verb, "cursor": event.cursor})


def render_event(event: StreamEvent) -> str:
    """One message of /v1/events: what happened to which object. What it looks like now is asked of the API."""
    return _encode(
        {
            "type": event.verb,
            "at": event.at,
            "actor": event.actor_label,
            "object": {"type": event.object_type, "id": event.object_id},
            "data": event.data,
            "cursor": event.cursor,
        }
    )


async def serve_alerts(scope: Scope, receive: Receive, send: Send) -> None:
    """The WebSocket /ws/alerts."""
    await serve_websocket(scope, receive, send, operation="ws_alerts", wanted=ALERTS, renderer=render_alert)


async def serve_event_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """GET /v1/events."""
    await serve_events(scope, receive, send, operation="event_stream", known_types=KNOWN_TYPES, renderer=render_event)
