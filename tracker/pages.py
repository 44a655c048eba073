"""Django's WSGI application behind an ASGI server: pages and API run in a pool of threads.

Written for this one pair, for what the general adapter (a2wsgi) does not give: an answer that is not streamed costs one
hop between thread and loop, a slow upload or download occupies no thread longer than a deadline, a client that goes
away ends its download, and a body that was cut off is an error instead of a shorter body.
"""

import asyncio
import contextlib
import html
import io
import json
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings

from tracker import logs
from tracker.asgi_types import Message, Receive, Scope, Send
from tracker.exceptions import DomainError, InvalidInput, TooLarge

# Bodies up to here are read before a thread is taken; longer ones as the view reads them.
READ_AHEAD_BYTES = 1024 * 1024
STALL_SECONDS = 30.0
# What is read of a body after its refusal.
MOST_DRAINED_BYTES = 64 * 1024 * 1024
# A body may take as long as this speed needs, on top of one stall: whoever drips must not hold a thread for ever.
SLOWEST_BYTES_PER_SECOND = 64 * 1024
WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[bytes, bytes]]


class ClientGone(ConnectionResetError):
    """The client went away, or stood still for too long, before its request was complete."""


class Pages:
    """An ASGI application for HTTP that answers through a WSGI application."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(max_workers=settings.WEB_THREADS, thread_name_prefix="web")
        # How many are being answered; a process that ends waits for them.
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        self.requests += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.requests -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _merge_headers(scope["headers"])
        try:
            line = _Line(asyncio.get_running_loop())
            body, length = await _open_body(headers, receive, line)
        except DomainError as error:
            await _refuse(error, headers, receive, send)
            return
        except ClientGone:
            return
        reader = io.BufferedReader(body, 64 * 1024) if isinstance(body, _LongBody) else body
        environ = _build_environ(scope, headers, reader, length)
        exchange = _Exchange(self._application, line, send)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, exchange.run, environ)
        except asyncio.CancelledError:
            # The server gives the request up because its client has gone; the thread must not wait for it either.
            line.cut()
            raise
        if answer is not None:
            status, response_headers, content = answer
            await send({"type": "http.response.start", "status": status, "headers": response_headers})
            is_read = not isinstance(body, _LongBody) or body.is_complete
            await _send_whole(content, send, None if is_read else receive)


class _Exchange:
    """One request in its thread."""

    def __init__(self, application: WSGIApplication, line: "_Line", send: Send) -> None:
        self._application, self._line, self._send = application, line, send
        self._status, self._headers = 500, Headers()

    def run(self, environ: dict[str, Any]) -> tuple[int, Headers, bytes] | None:
        """The whole answer; None where it was streamed."""
        response = self._application(environ, self._start_response)
        try:
            if not getattr(response, "streaming", False):
                return self._status, self._headers, b"".join(response)
            self._stream(response)
        except ClientGone:
            pass
        finally:
            close = getattr(response, "close", None)
            if close is not None:
                close()
        return None

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        self._status = int(status[:3])
        self._headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    def _stream(self, response: Iterable[bytes]) -> None:
        self._hand_over({"type": "http.response.start", "status": self._status, "headers": self._headers})
        for chunk in response:
            if chunk:
                self._hand_over({"type": "http.response.body", "body": chunk, "more_body": True})
        self._hand_over({"type": "http.response.body", "body": b""})

    def _hand_over(self, message: Message) -> None:
        self._line.wait(self._call(message))

    async def _call(self, message: Message) -> None:
        await self._send(message)


class _LongBody(io.RawIOBase):
    """A body that is still coming in, for a view that reads it in its thread."""

    def __init__(self, line: "_Line", receive: Receive, length: int) -> None:
        self._line, self._receive = line, receive
        self._ends_at = time.monotonic() + STALL_SECONDS + length / SLOWEST_BYTES_PER_SECOND
        self._rest, self.is_complete = b"", False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises ClientGone (an OSError, which Django understands) rather than pretend that the body ended."""
        while not self._rest and not self.is_complete:
            if time.monotonic() > self._ends_at:
                raise ClientGone
            message = self._line.wait(self._next())
            if message["type"] == "http.disconnect":
                raise ClientGone
            self._rest, self.is_complete = message.get("body", b""), not message.get("more_body", False)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    async def _next(self) -> Message:
        return await self._receive()


class _Line:
    """How a thread asks the loop to send or receive, until the connection is given up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._step: Future[Any] | None = None
        self._is_cut = False

    def wait(self, step: Coroutine[Any, Any, Any]) -> Any:
        """Runs one step of the loop; whoever stands still for too long counts as gone.

        Raises:
            ClientGone: there is nobody at the other end any more.
        """
        self._step = asyncio.run_coroutine_threadsafe(step, self._loop)
        if self._is_cut:
            self._step.cancel()
        try:
            return self._step.result(STALL_SECONDS)
        except (TimeoutError, CancelledError):
            self._step.cancel()
            raise ClientGone from None
        except OSError as error:
            raise ClientGone from error

    def cut(self) -> None:
        """Ends the step that the thread waits for, and every later one."""
        self._is_cut = True
        if self._step is not None:
            self._step.cancel()


async def _open_body(headers: dict[str, str], receive: Receive, line: _Line) -> tuple[Any, int]:
    """The body to read and its length in bytes; a chunked one is read whole, as WSGI wants to know its length."""
    is_chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    declared = headers.get("content-length", "0") or "0"
    if not (declared.isascii() and declared.isdigit()):
        raise InvalidInput.of_field("Content-Length", "A whole number of bytes.")
    length = 0 if is_chunked else int(declared)
    if length > settings.REQUEST_BODY_LIMIT:
        raise TooLarge(f"The body is longer than {settings.REQUEST_BODY_LIMIT} bytes.")
    if length > READ_AHEAD_BYTES:
        return _LongBody(line, receive, length), length
    if not length and not is_chunked:
        return io.BytesIO(), 0
    content = await _read_body(receive)
    return io.BytesIO(content), len(content)


async def _read_body(receive: Receive) -> bytes:
    content = bytearray()
    while True:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                message = await receive()
        except TimeoutError:
            raise ClientGone from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        content += message.get("body", b"")
        if len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge(f"A body without Content-Length may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
        if not message.get("more_body", False):
            return bytes(content)


def _merge_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; one that is sent twice is joined as HTTP says. Names with an underscore are dropped: in
    WSGI they could not be told from those with a dash that a proxy has set."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if "_" in name:
            continue
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ','}{value}"
        headers[name] = value
    return headers


def _build_environ(scope: Scope, headers: dict[str, str], body: Any, length: int) -> dict[str, Any]:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": unquote_to_bytes(raw_path.partition(b"?")[0]).decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0] or "",
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(length) if length else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        if name not in {"content-type", "content-length", "transfer-encoding"}:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return environ


async def refuse(error: DomainError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request that no view should see."""
    await _refuse(error, _merge_headers(scope["headers"]), receive, send)


async def _refuse(error: DomainError, headers: dict[str, str], receive: Receive, send: Send) -> None:
    request_id = logs.accept_request_id(headers.get("x-request-id"))
    is_for_people = "text/html" in headers.get("accept", "")
    body = _page_of(error) if is_for_people else json.dumps(error.as_document(request_id)).encode()
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [
                (b"content-type", b"text/html; charset=utf-8" if is_for_people else b"application/json"),
                (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
                (b"cache-control", b"no-store"),
                (b"content-length", str(len(body)).encode()),
                (b"x-request-id", request_id.encode()),
                (b"connection", b"close"),
                *([(b"retry-after", b"%d" % error.retry_after_seconds)] if error.retry_after_seconds else []),
            ],
        }
    )
    await _send_whole(body, send, receive)


def _page_of(error: DomainError) -> bytes:
    """What somebody sees who sent too many photos: the way back, where all that they typed still stands."""
    page = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{error.status} · Tracker</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>This was not taken</h1><p>{html.escape(error.message)}</p><p>Go back, and send less at once.</p></body>
</html>"""
    return page.encode()


async def _send_whole(content: bytes, send: Send, unread: Receive | None) -> None:
    """Sends an answer. Of a body that nobody read, the rest is taken in before the answer ends: most clients look for
    one only when they have sent everything, and a connection that is closed before tells them nothing."""
    if unread is not None:
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await _drain(unread)
        content = b""
    await send({"type": "http.response.body", "body": content})


async def _drain(receive: Receive) -> None:
    left = MOST_DRAINED_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STALL_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
