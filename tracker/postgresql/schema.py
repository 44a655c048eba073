"""How the schema is changed while everybody works: no statement of a migration waits long for a lock."""

from typing import Any

from django.db.backends.postgresql import schema

# Whoever waits for an exclusive lock makes everybody queue behind itself. After this long it gives way, and `migrate`
# tries again when they have passed.
LOCK_TIMEOUT = "1s"


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Gives up a lock after a second, but for statements that let others work while they wait."""

    def __enter__(self) -> "DatabaseSchemaEditor":
        super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            super().execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'", None)
        return self

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Runs one statement of a migration; outside a transaction each one gets its own patience."""
        if self.collect_sql or self.atomic_migration:
            super().execute(sql, params)
            return
        # It waits for whoever read before it, for as long as that takes, and nobody queues behind it.
        patience = "0" if " CONCURRENTLY" in str(sql).upper() else LOCK_TIMEOUT
        super().execute(f"SET lock_timeout = '{patience}'", None)
        try:
            super().execute(sql, params)
        finally:
            if not self.connection.in_atomic_block:
                super().execute("RESET lock_timeout", None)
