"""One port for everything: streams are native async handlers, the rest goes to Django's WSGI application in threads.

Django's own ASGI handler costs several times as much per request (each synchronous middleware hops threads).
"""

# First: it sets Django up, which everything below needs.
from tracker.wsgi import application as wsgi_application  # isort: skip
from incidents.streams import serve_alerts, serve_event_stream
from tracker.asgi_types import Handler, Receive, Scope, Send
from tracker.pages import Pages
from tracker.realtime.service import SERVICE

SOCKETS: dict[str, Handler] = {"/ws/alerts": serve_alerts}
STREAMS: dict[str, Handler] = {"/v1/events": serve_event_stream}
PAGES = Pages(wsgi_application)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hands each connection to whom it is for."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "websocket":
        await SOCKETS.get(scope["path"], _refuse_socket)(scope, receive, send)
    else:
        await STREAMS.get(scope["path"], PAGES)(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await SERVICE.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await SERVICE.stop()
    await send({"type": "lifespan.shutdown.complete"})


async def _refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4404})
