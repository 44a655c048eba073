"""Which migrations are held to going on while the release before serves, and what a look at their SQL finds."""

from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.base import Issue
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

from tracker.testing.services import CHECKOUT

# What 0.1.0 began with: an empty database, so nobody serves. Every later migration meets one that is in use.
BASELINE = {
    "tracker": ("0001_initial", "0002_append_only_events"),
    "incidents": ("0001_initial", "0002_initial", "0003_incident_categories", "0004_age_of_stays"),
    "reports": ("0001_initial", "0002_initial", "0003_final_reports"),
}


def later_migrations() -> list[tuple[str, str]]:
    """All after the baseline, by app and name, in the order of their numbers."""
    return [
        (app, path.stem)
        for app, known in BASELINE.items()
        for path in sorted(folder_of(app).glob("0*.py"))
        if path.stem not in known
    ]


def folder_of(app: str) -> Path:
    """Where an app's migrations lie."""
    return CHECKOUT / app / "migrations"


def find_faults(app: str, name: str) -> set[str]:
    """What the linter has against a migration, by its codes."""
    linter = MigrationLinter(str(CHECKOUT), no_cache=True, no_output=True)
    migration = MigrationLoader(connection).get_migration(app, name)
    return _codes(
        *analyse_sql_statements(linter.sql_analyser_class, linter.get_sql(app, name)),
        *linter.analyse_data_migration(migration),
    )


def find_faults_of_sql(*statements: str) -> set[str]:
    """The same of plain SQL."""
    return _codes(*analyse_sql_statements(PostgresqlAnalyser, list(statements)))


def _codes(errors: list[Issue], _ignored: list[Issue], warnings: list[Issue], *more: list[Issue]) -> set[str]:
    return {issue.code for found in (errors, warnings, *more) for issue in found or ()}
