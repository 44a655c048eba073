"""Reading the API through the whole of Django, without a server between."""

import json

from django.test import Client

from incidents.testing.bench.ingest_over_http import make_token
from tracker.choices import Scope
from tracker.testing.bench import median
from tracker.testing.bench.rounds import time_call


class Reader:
    """A script with a token that may read."""

    def __init__(self) -> None:
        self.client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {make_token(Scope.READ)}"})

    def read(self, url: str) -> dict[str, object]:
        """The decoded page."""
        response = self.client.get(url)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}: {response.content[:300]!r}")
        page: dict[str, object] = json.loads(response.content)
        return page

    def drain(self, url: str) -> int:
        """Reads a streamed answer to its end; its bytes."""
        response = self.client.get(url)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")
        return len(b"".join(response.streaming_content))  # type: ignore[attr-defined]

    def time(self, url: str, times: int) -> float:
        """The median of some readings."""
        self.read(url)
        return median(time_call(lambda: self.read(url)) for _ in range(times))


def in_milliseconds(cost: dict[str, float] | dict[int, float]) -> dict[str, str]:
    """Figures for the report."""
    return {f"{name:,}" if isinstance(name, int) else name: f"{taken * 1000:.1f} ms" for name, taken in cost.items()}


def find_deep_cursor(reader: Reader, page: str, pages: int) -> str:
    """The address to which many times `next` leads."""
    url = f"{page}&cursor="
    for _ in range(pages):
        following = reader.read(url)["next"]
        if not isinstance(following, str):
            break
        url = following
    return url
