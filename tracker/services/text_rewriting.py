"""Taking somebody's words out of every text of every table, in batches that hold nobody up.

Columns are found by the models, so a table that is added tomorrow is searched without anybody thinking of it; what must
not be searched is named in `PersonalData.untouched`. Looking is done outside of transactions, which would hold up the
streams; each batch of rows that are found is rewritten in a short one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, models, transaction

from tracker.personal_data import all_personal_data
from tracker.personal_words import PersonalWords
from tracker.sealing import SealedTextField

# Each look goes through a whole table, and so finds many; each transaction changes few.
ROWS_A_LOOK = 20_000
BATCH_ROWS = 500
TEXTS = (models.CharField, models.TextField, models.JSONField)
# What the frameworks keep for themselves, and no person writes.
FRAMEWORKS = ("auth", "contenttypes", "sessions", "sites")
ANNOUNCE = "SELECT set_config('tracker.is_anonymising', 'on', true)"


def rewrite_texts(words: PersonalWords, *, tell: Callable[[str], None] | None = None) -> dict[str, int]:
    """Replaces the words wherever they stand; how many rows changed, by table. `tell` hears each table's name first.

    It may be stopped at any row and repeated.
    """
    changed: dict[str, int] = {}
    for model, fields in searched_models():
        if tell is not None:
            tell(model._meta.db_table)
        count = sum(_rewrite(model, fields, keys, words) for keys in _find(model, fields, words))
        if count:
            changed[model._meta.db_table] = count
    return changed


def searched_models() -> Iterator[tuple[type[models.Model], list["models.Field[Any, Any]"]]]:
    """Every table that holds texts, with the columns that are searched."""
    untouched = {name for data in all_personal_data() for name in data.untouched}
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.proxy or not meta.managed or meta.app_label in FRAMEWORKS or meta.label_lower in untouched:
            continue
        fields = [field for field in meta.local_concrete_fields if _is_text(field)]
        fields = [field for field in fields if f"{meta.label_lower}.{field.name}" not in untouched]
        if fields:
            yield model, fields


def _is_text(field: "models.Field[Any, Any]") -> bool:
    if isinstance(field, ArrayField):
        return _is_text(field.base_field)
    return isinstance(field, TEXTS) and not isinstance(field, SealedTextField) and not field.choices


def _find(
    model: type[models.Model], fields: Sequence["models.Field[Any, Any]"], words: PersonalWords
) -> Iterator[list[Any]]:
    """The keys of rows that may hold one of the words, batch by batch, in their order."""
    quote = connection.ops.quote_name
    key = quote(str(model._meta.pk.column))
    holds = " OR ".join(f"{quote(str(field.column))}::text ILIKE ANY(%(patterns)s)" for field in fields)
    statement = (
        f"SELECT {key} FROM {quote(model._meta.db_table)} WHERE {{since}} ({holds}) ORDER BY {key} LIMIT {ROWS_A_LOOK}"  # noqa: S608 - names of our own models
    )
    last: Any = None
    while True:
        since = "" if last is None else f"{key} > %(last)s AND"
        with connection.cursor() as cursor:
            cursor.execute(statement.format(since=since), {"patterns": words.patterns, "last": last})
            keys = [row[0] for row in cursor.fetchall()]
        if keys:
            last = keys[-1]
            yield from (keys[start : start + BATCH_ROWS] for start in range(0, len(keys), BATCH_ROWS))
        if len(keys) < ROWS_A_LOOK:
            return


@transaction.atomic
def _rewrite(
    model: type[models.Model], fields: Sequence["models.Field[Any, Any]"], keys: Sequence[Any], words: PersonalWords
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ANNOUNCE)
    rows = model._base_manager.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
    found = list(rows.values_list("pk", *(field.attname for field in fields)))
    changed: set[Any] = set()
    for place, field in enumerate(fields, start=1):
        pairs = [(row[0], _replace(field, row[place], words)) for row in found]
        # One statement a column: of a table in partitions each costs a look into all of them.
        objects = [model(pk=key, **{field.attname: text}) for key, text in pairs if text is not None]
        _write(model, field, objects)
        changed.update(one.pk for one in objects)
    for data in all_personal_data():
        if changed and model in data.reread:
            data.reread[model](sorted(changed))
    return len(changed)


def _write(model: type[models.Model], field: "models.Field[Any, Any]", objects: Sequence[models.Model]) -> None:
    """Writes one column. Of rows that would now have the one name that only one may have, each gets its own."""
    try:
        with transaction.atomic():
            model._base_manager.bulk_update(objects, [field.name])
    except IntegrityError:
        if len(objects) > 1:
            for one in objects:
                _write(model, field, [one])
            return
        text, longest = getattr(objects[0], field.attname), getattr(field, "max_length", None)
        if not isinstance(text, str):
            raise
        number = f" ({objects[0].pk})"
        setattr(objects[0], field.attname, text[: longest and longest - len(number)] + number)
        model._base_manager.bulk_update(objects, [field.name])


def _replace(field: "models.Field[Any, Any]", value: Any, words: PersonalWords) -> Any:
    """What takes the value's place; None where it stays."""
    put = words.replace(value)
    if put == value:
        return None
    longest = getattr(field, "max_length", None)
    return put[:longest] if isinstance(put, str) and longest else put
