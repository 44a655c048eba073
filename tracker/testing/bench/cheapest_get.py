"""P11: what an authorised API request costs beside the least that Django can do, and the one-port composition."""

import http.client
import time
from collections.abc import Iterator

from tracker.access import Actor
from tracker.choices import Role
from tracker.models import User
from tracker.services.logins import start_login
from tracker.testing.bench import Bench, Finding, alternate, at_least, workload
from tracker.testing.bench.children import serve

ME = "/v1/auth/me"


@workload("P11", "cheapest authorised API GET against a hello under the same worker; one port against gthread")
def measure(bench: Bench) -> Iterator[Finding]:
    """Each side is asked over one kept connection, in turns."""
    user = User.objects.create_user("bench@example.com", role=Role.ADMIN)
    access = start_login(actor=Actor.of_user(user), user=user).access
    headers = {"Authorization": f"Bearer {access}"}
    requests, rounds = bench.pick(150, 1000), bench.pick(3, 7)
    threads = ("--no-control-socket", "-k", "gthread", "--threads", "4")
    with (
        serve(*threads, application="tracker.testing.bench.hello") as hello,
        serve(*threads) as gthread,
        serve("--no-control-socket", "-k", "asgi", application="tracker.asgi") as one_port,
    ):
        sides = {
            "hello": lambda: ask(hello, "/hello", {}, requests),
            "gthread": lambda: ask(gthread, ME, headers, requests),
            "one port": lambda: ask(one_port, ME, headers, requests),
        }
        for side in sides.values():
            side()
        seconds = alternate(sides, rounds)
    rates = {side: f"{requests / taken:,.0f}/s" for side, taken in seconds.items()}
    yield at_least("authorised GET / hello", seconds["hello"] / seconds["gthread"], 0.5, **rates)
    yield at_least("one port / gthread", seconds["gthread"] / seconds["one port"], 0.7, **rates)


def ask(port: int, path: str, headers: dict[str, str], requests: int) -> float:
    """Seconds for so many requests, one after the other.

    Raises:
        RuntimeError: an answer other than 200.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = time.perf_counter()
    for _ in range(requests):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:200]!r}")
    connection.close()
    return time.perf_counter() - started
