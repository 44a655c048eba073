"""One port for everything: streams are native async handlers, the rest goes to Django's WSGI application in threads.

Django's own ASGI handler costs several times as much per request (each synchronous middleware hops threads).
"""

# First: it sets Django up, which everything below needs.
from tracker.wsgi import application as wsgi_application  # isort: skip
from incidents.streams import serve_alerts, serve_event_stream
from tracker.asgi_types import Handler, Message, Receive, Scope, Send
from tracker.exceptions import Unavailable
from tracker.pages import Pages, refuse
from tracker.realtime.hub import HUB
from tracker.realtime.service import SERVICE
from tracker.starting import WEB

SOCKETS: dict[str, Handler] = {"/ws/alerts": serve_alerts}
STREAMS: dict[str, Handler] = {"/v1/events": serve_event_stream}
PAGES = Pages(wsgi_application)
# What tells operators how we are, also while we wait.
OPEN_WHILE_WAITING = {"/health", "/healthz", "/metrics"}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hands each connection to whom it is for."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "websocket":
        await SOCKETS.get(scope["path"], _refuse_socket)(scope, receive, send)
    elif WEB.is_waiting and scope["path"] not in OPEN_WHILE_WAITING:
        await refuse(Unavailable("Being upgraded; try again.", retry_after_seconds=2), scope, receive, send)
    else:
        if HUB.is_closing:
            send = _closing(send)
        await STREAMS.get(scope["path"], PAGES)(scope, receive, send)


def _closing(send: Send) -> Send:
    """Tells with the answer that the connection ends: this process is about to."""

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return send_and_close


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await SERVICE.start()
    WEB.begin()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await WEB.end()
    await SERVICE.stop()
    await send({"type": "lifespan.shutdown.complete"})


async def _refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4404})
