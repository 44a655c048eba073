"""A migration never makes others wait for long, gives up what it cannot have, and gets it in the end."""

import threading
import time
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, migrations, models
from django.db.migrations.state import ProjectState

from tracker.management.commands import migrate
from tracker.postgresql.operations import BuildIndex
from tracker.postgresql.schema import LOCK_TIMEOUT
from tracker.schema_state import SchemaGate, name_some, read_schema_state
from tracker.testing.services import make_child_environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE upgrades_thing (id bigint PRIMARY KEY, word text)")
    yield "upgrades_thing"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS upgrades_thing")


@pytest.fixture
def other():
    """Somebody else at work in the same database."""
    with psycopg.connect(make_child_environment()["DATABASE_URL"]) as theirs:
        yield theirs


def test_a_migration_gives_up_a_lock_after_a_second(table, other):
    other.execute("SELECT FROM upgrades_thing")
    began = time.monotonic()
    with pytest.raises(OperationalError) as caught, connection.schema_editor(atomic=True) as editor:
        editor.execute("ALTER TABLE upgrades_thing ADD COLUMN later int", None)
    assert 0.9 < time.monotonic() - began < 2
    assert migrate._will_pass(caught.value)


def test_only_a_statement_that_lets_others_work_may_wait(table):
    with connection.schema_editor(atomic=False) as editor:
        seen = {}
        for sql in (
            "ALTER TABLE upgrades_thing ADD COLUMN later int",
            "CREATE INDEX CONCURRENTLY i ON upgrades_thing (word)",
        ):
            editor.connection.execute_wrappers.append(
                lambda run, sql, *rest: (seen.setdefault(sql), run(sql, *rest))[1]
            )
            editor.execute(sql, None)
            editor.connection.execute_wrappers.pop()
    settings = [sql for sql in seen if "lock_timeout" in sql]
    assert settings == [f"SET lock_timeout = '{LOCK_TIMEOUT}'", "RESET lock_timeout", "SET lock_timeout = '0'"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("30s",)


def test_an_index_that_a_killed_build_left_behind_is_built_anew(table):
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX upgrades_word ON upgrades_thing (word)")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'upgrades_word'::regclass")
    before = ProjectState()
    migrations.CreateModel(
        "Thing", [("id", models.BigIntegerField(primary_key=True)), ("word", models.TextField())]
    ).state_forwards("upgrades", before)
    after = before.clone()
    operation = BuildIndex("thing", models.Index(fields=["word"], name="upgrades_word"))
    operation.state_forwards("upgrades", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("upgrades", editor, before, after)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'upgrades_word'::regclass")
        assert cursor.fetchone() == (True,)


def test_migrate_tries_again_until_the_table_is_free(monkeypatch, table, other):
    other.execute("SELECT FROM upgrades_thing")
    tries = []

    def alter(*args, **options):
        tries.append(1)
        if len(tries) == 2:
            other.rollback()
        with connection.schema_editor(atomic=True) as editor:
            editor.execute("SET LOCAL lock_timeout = '50ms'", None)
            editor.execute("ALTER TABLE upgrades_thing ADD COLUMN later int", None)

    monkeypatch.setattr(migrate.migrate.Command, "handle", alter)
    said = StringIO()
    call_command("migrate", stderr=said)
    assert len(tries) == 2
    assert "trying again" in said.getvalue()


def test_migrate_names_who_stood_in_the_way_when_its_patience_ends(monkeypatch, table, other):
    other.execute("SET application_name = 'long-report'")
    monkeypatch.setattr(migrate, "PATIENCE_SECONDS", 0.0)

    def alter(*args, **options):
        with connection.schema_editor(atomic=True) as editor:
            editor.execute("SET LOCAL lock_timeout = '20ms'", None)
            editor.execute("ALTER TABLE upgrades_thing ADD COLUMN later int", None)

    other.execute("SELECT FROM upgrades_thing")
    monkeypatch.setattr(migrate.migrate.Command, "handle", alter)
    with pytest.raises(CommandError, match="long-report"):
        call_command("migrate")


def test_of_two_that_migrate_one_waits(monkeypatch, other):
    other.execute("SELECT pg_advisory_lock(%s)", [migrate.LOCK_KEY])
    threading.Timer(0.3, other.close).start()
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    assert time.monotonic() - began > 0.25


def test_migrate_does_its_work_on_a_database_that_is_older_than_the_code():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reports' AND name LIKE '0003%%'")
    call_command("migrate", "reports", verbosity=0, skip_checks=False, fake=True)
    assert read_schema_state().missing == ()


def test_a_database_older_than_the_code_is_waited_for_and_a_newer_one_is_not(monkeypatch, caplog):
    assert read_schema_state().missing == ()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET name = 'later' WHERE app = 'reports' AND name LIKE '0003%'")
    try:
        state = read_schema_state()
        assert (len(state.missing), state.unknown) == (1, ("reports.later",))
        gate = SchemaGate()
        assert not gate.is_open()
        assert f"lacks {state.missing[0]}" in caplog.text
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_migrations SET name = %s WHERE name = 'later'", [state.missing[0].partition(".")[2]]
            )
    assert not gate.is_open(), "it looks at most every two seconds"
    gate._looked_at = float("-inf")
    assert gate.is_open()
    assert name_some(("a", "b", "c", "d")) == "a, b, c and 1 more"
