"""A look at each migration after the baseline: what the release before could not live with is refused here."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tracker.testing.migration_lint import find_faults, find_faults_of_sql, later_migrations

pytestmark = pytest.mark.django_db
# What the linter says of a migration, and why it may stay.
ACCEPTED: dict[tuple[str, str], dict[str, str]] = {}


@pytest.mark.parametrize(("app", "name"), [pytest.param(*key, id=".".join(key)) for key in later_migrations()])
def test_a_later_migration_is_one_that_the_release_before_can_live_with(app, name):
    assert find_faults(app, name) == set(ACCEPTED.get((app, name), {}))
    loader = MigrationLoader(connection)
    assert all(operation.reversible for operation in loader.get_migration(app, name).operations)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("ALTER TABLE t ADD COLUMN c integer NOT NULL", "NOT_NULL"),
        ("ALTER TABLE t DROP COLUMN c", "DROP_COLUMN"),
        ("ALTER TABLE t RENAME COLUMN a TO b", "RENAME_COLUMN"),
        ("ALTER TABLE t ALTER COLUMN c TYPE bigint", "ALTER_COLUMN"),
        ("DROP TABLE t", "DROP_TABLE"),
        ("CREATE INDEX i ON t (c)", "CREATE_INDEX"),
    ],
)
def test_what_breaks_the_release_before_is_seen(statement, code):
    assert code in find_faults_of_sql(statement)
