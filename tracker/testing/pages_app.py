"""A small WSGI application behind the same bridge as Django's, so that tests can stall, cut and stream."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

from tracker.pages import Pages

# The workers of gunicorn.conf.py tell the database that they are there.
django.setup()
CHUNK = b"x" * 65_536
open_downloads = 0


class _Stream:
    """A streamed answer, as Django marks them; counts itself until it is closed."""

    streaming = True

    def __init__(self, chunks: int, pause_seconds: float) -> None:
        global open_downloads
        open_downloads += 1
        self._chunks, self._pause = chunks, pause_seconds

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self._chunks):
            time.sleep(self._pause)
            yield CHUNK

    def close(self) -> None:
        """As Django's answers end."""
        global open_downloads
        open_downloads -= 1


def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """`/read` tells the body's length, `/environ` the request, `/stream` sends 64 KiB chunks, `/open` counts them."""
    path = environ["PATH_INFO"]
    if path == "/stream":
        chunks, pause = environ["QUERY_STRING"].split(",")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _Stream(int(chunks), float(pause))
    if path == "/read":
        try:
            result: Any = len(environ["wsgi.input"].read())
        except OSError as error:
            print("cut off:", type(error).__name__, flush=True)
            result = "cut off"
    elif path == "/open":
        result = open_downloads
    else:
        result = {name: value for name, value in environ.items() if isinstance(value, str)}
    body = json.dumps(result).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


application = Pages(answer)
