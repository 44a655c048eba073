"""A mark on a database that is being restored: outside of its tables, which are not there yet when it is set."""

from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, connections

MARK = "Tracker is being restored"
READ = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"


def mark_unfinished() -> None:
    """Lets nobody begin to work here before `mark_finished`, however the restore ends. Who does not own the database
    cannot, and goes without."""
    _comment(f"'{MARK}'")


def mark_finished() -> None:
    """Takes the mark away."""
    if is_unfinished():
        _comment("NULL")


def is_unfinished(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether a restore of this database has begun and not come to its end."""
    with connections[alias].cursor() as cursor:
        cursor.execute(READ)
        row = cursor.fetchone()
    return row is not None and row[0] == MARK


def _comment(text: str) -> None:
    name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"COMMENT ON DATABASE {name} IS {text}")
    except ProgrammingError:
        pass
