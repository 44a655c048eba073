"""A migrated database that test databases are copied from: migrating takes ten seconds, and copying half of one."""

from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from tracker import partitions

PREFIX, UNFINISHED = "tracker_template_", "_unfinished"
KEPT = 2
# Any number that is ours: one process makes the template, the others wait for it.
ADVISORY_LOCK = 7_203_119


def ensure_template() -> str:
    """The name of a database that holds what the migrations of this checkout make. A few of other states are kept."""
    name = PREFIX + _digest_migrations()
    with psycopg.connect(_maintenance_url(), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid DESC", [f"{PREFIX}%"])
        found = [row[0] for row in rows]
        if name not in found:
            for old in found[KEPT:] + [other for other in found[:KEPT] if other == name + UNFINISHED]:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
            _make(server, name)
    return name


def _make(server: "psycopg.Connection[tuple[str, ...]]", name: str) -> None:
    # Under its name only once it is whole: a run that is killed leaves nothing that looks right.
    unfinished = sql.Identifier(name + UNFINISHED)
    server.execute(sql.SQL("CREATE DATABASE {}").format(unfinished))
    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name + UNFINISHED
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(unfinished, sql.Identifier(name)))


def _digest_migrations() -> str:
    digest = blake2b(django.__version__.encode(), digest_size=8)
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"{app.label}/{path.name}".encode() + path.read_bytes())
    # What migrations import from the code, so far as it makes tables.
    digest.update(Path(partitions.__file__).read_bytes())
    return digest.hexdigest()


def _maintenance_url() -> str:
    url: str = settings.DATABASE_URL
    return urlsplit(url)._replace(path="/postgres").geturl()
