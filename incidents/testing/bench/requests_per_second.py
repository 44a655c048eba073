"""P11: the cheapest authorised GET against a hello under the same worker; the one-port composition against threads."""

import os
from collections.abc import Iterator

from django.conf import settings

from incidents.testing.bench.ingest_over_http import make_token
from tracker.choices import Scope
from tracker.testing.bench import Bench, Finding, alternate, at_least, workload
from tracker.testing.bench.children import serve
from tracker.testing.bench.load import measure_rate

CHEAPEST = "/v1/sla/calendars?limit=1"
CONFIGURATION = str(settings.BASE_DIR / "gunicorn.conf.py")
THREADS = ("-k", "gthread", "--threads", "4")


@workload("P11", "requests a second")
def measure(bench: Bench) -> Iterator[Finding]:
    """One worker each; the client is one asyncio process with 8 connections."""
    seconds = bench.pick(2.0, 6.0)
    headers = {"Authorization": f"Bearer {make_token(Scope.READ)}"}
    os.environ.setdefault("CONN_MAX_AGE", "60")
    with serve() as ours, serve(application="tracker.testing.hello") as hello:
        rates = alternate(
            {
                "ours": lambda: measure_rate(ours, CHEAPEST, headers, seconds=seconds),
                "hello": lambda: measure_rate(hello, "/hello", {}, seconds=seconds),
            },
            bench.pick(2, 5),
        )
    yield at_least("authorised GET against a hello, sync worker", rates["ours"] / rates["hello"], 0.5, **tell(rates))
    with (
        serve(*THREADS) as threads,
        serve(application="tracker.asgi:application", configuration=CONFIGURATION) as one_port,
    ):
        rates = alternate(
            {
                "one port": lambda: measure_rate(one_port, CHEAPEST, headers, seconds=seconds),
                "gthread": lambda: measure_rate(threads, CHEAPEST, headers, seconds=seconds),
            },
            bench.pick(2, 5),
        )
    yield at_least("one-port composition against gthread", rates["one port"] / rates["gthread"], 0.7, **tell(rates))


def tell(rates: dict[str, float]) -> dict[str, str]:
    """Figures for the report."""
    return {name: f"{rate:,.0f} requests/s" for name, rate in rates.items()}
