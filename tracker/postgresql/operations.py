"""Operations for migrations that run while others work."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently


class BuildIndex(AddIndexConcurrently):
    """AddIndexConcurrently that can be repeated: what a killed build left behind is an index that nobody may use."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drops such a remainder, then builds."""
        name = self.index.name
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid",
                [schema_editor.quote_name(name)],
            )
            is_broken = cursor.fetchone() is not None
        if is_broken:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(name)}", None)
        super().database_forwards(app_label, schema_editor, from_state, to_state)
