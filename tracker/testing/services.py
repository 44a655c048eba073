"""The PostgreSQL and the Valkey that tests run on: those of the environment, else embedded ones under `var/test/`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

CHECKOUT = Path(__file__).resolve().parent.parent.parent
VAR = CHECKOUT / "var" / "test"


@contextmanager
def settings_environment() -> Iterator[None]:
    """While the settings are read, the environment names the services of this test process.

    It is put back afterwards: xdist's workers inherit it, and each must choose a Valkey database of its own. Nor may
    it name the settings: pytest-django would read them in a worker before that choice is made.
    """
    before = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tracker.settings", "TRACKER_LOCAL": "1", **_find_services()}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def make_child_environment(**changes: str) -> dict[str, str]:
    """The environment for a process that a test starts: it sees the test's database and the test's Valkey."""
    from django.conf import settings
    from django.db import connection

    url = urlsplit(settings.DATABASE_URL)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tracker.settings",
        "TRACKER_LOCAL": "1",
        "PYTHONPATH": str(CHECKOUT),
        # A fresh clone has no collected static files, and a local process needs none.
        "PYTHONWARNINGS": "ignore:No directory at",
        "DATABASE_URL": _write_url(url._replace(path=f"/{connection.settings_dict['NAME']}")),
        "REDIS_URL": settings.REDIS_URL,
        **changes,
    }


def _find_services() -> dict[str, str]:
    database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if not (database_url and redis_url):
        from tracker import embedded

        database_url = database_url or embedded.ensure_postgres(VAR, is_durable=False)
        redis_url = redis_url or embedded.ensure_valkey(VAR)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    return {"DATABASE_URL": database_url, "REDIS_URL": _shift_database(redis_url, number)}


def _shift_database(redis_url: str, by: int) -> str:
    url = urlsplit(redis_url)
    if url.scheme == "unix":
        number = int(parse_qs(url.query).get("db", ["0"])[0])
        return _write_url(url._replace(query=f"db={number + by}"))
    number = int(url.path.strip("/") or 0)
    return _write_url(url._replace(path=f"/{number + by}"))


def _write_url(url: SplitResult) -> str:
    # The standard library drops the slashes of an empty host from schemes that it does not know.
    text = url.geturl()
    return text if url.netloc or text.startswith(f"{url.scheme}://") else text.replace(":", "://", 1)
