"""A row and the row it points to, by a unique key, for what runs in every request.

Building the same query anew costs the ORM more time than PostgreSQL needs to answer it. The statement is made once,
from the models themselves, and the rows become ordinary instances.
"""

from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, ForeignKey, Model

M = TypeVar("M", bound=Model)


class JoinedRow(Generic[M]):
    """Finds an instance of `model` by `key`, with its `relation` loaded."""

    def __init__(self, model: type[M], *, key: str, relation: str) -> None:
        self._model, self._key, self._relation = model, key, relation

    def find(self, value: Any) -> M | None:
        """The instance, in one query; None where there is none."""
        statement, names, related_names = self._statement
        with connection.cursor() as cursor:
            cursor.execute(statement, [value])
            row = cursor.fetchone()
        if row is None:
            return None
        instance = self._model.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)])
        setattr(instance, self._relation, self._related.from_db(DEFAULT_DB_ALIAS, related_names, row[len(names) :]))
        return instance

    @property
    def _related(self) -> type[Model]:
        field = self._model._meta.get_field(self._relation)
        if not isinstance(field, ForeignKey):
            raise TypeError(f"{self._relation} is no foreign key.")
        related: type[Model] = field.remote_field.model
        return related

    @cached_property
    def _statement(self) -> tuple[str, list[str], list[str]]:
        own, related = self._model._meta, self._related._meta
        link, key = own.get_field(self._relation), own.get_field(self._key)
        if not isinstance(link, Field) or not isinstance(key, Field):
            raise TypeError(f"{self._key} or {self._relation} is no column.")
        columns = [f'own."{field.column}"' for field in own.concrete_fields]
        columns += [f'related."{field.column}"' for field in related.concrete_fields]
        statement = (
            f'SELECT {", ".join(columns)} FROM "{own.db_table}" own '  # noqa: S608 - names of our own models
            f'JOIN "{related.db_table}" related ON related."{related.pk.column}" = own."{link.column}" '
            f'WHERE own."{key.column}" = %s'
        )
        return statement, [f.attname for f in own.concrete_fields], [f.attname for f in related.concrete_fields]
