"""The bench's own database: made beside the real one, migrated, and dropped at the end, whatever happens."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from psycopg import sql

REDIS_DATABASE = 15


@contextmanager
def make_environment() -> Iterator[dict[str, str]]:
    """The environment for a process that sees the bench's database and a Valkey database of its own.

    Raises:
        psycopg.Error: the server does not let us make a database.
    """
    name = f"tracker_bench_{os.getpid()}"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tracker.settings",
                "TRACKER_LOCAL": "1",
                "LOG_LEVEL": "WARNING",
                "DATABASE_URL": urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl(),
                "REDIS_URL": _choose_redis_database(settings.REDIS_URL),
            }
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _choose_redis_database(url: str) -> str:
    address, _, _ = url.partition("?")
    if address.startswith("unix:"):
        return f"{address}?db={REDIS_DATABASE}"
    return urlsplit(url)._replace(path=f"/{REDIS_DATABASE}").geturl()
