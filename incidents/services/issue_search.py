"""The words by which issues are found: title before description before comments."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.postgres.search import SearchQuery
from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
CONFIG = "simple"
# A word that so many of the newest issues have is met often enough on a walk through the list.
SAMPLE = 1_000
COMMON = 10
MOST_FOUND = 20_000
MAX_WORDS = 12
# Shorter beginnings stand for so many words that looking all of them up takes longer than anybody waits.
SHORTEST_BEGINNING = 3
# PostgreSQL takes up to 1 MB of distinct words in one vector; texts beyond these are found by their beginnings.
MAX_DESCRIPTION_CHARACTERS = 100_000
MAX_COMMENTS_CHARACTERS = 200_000
# Compounds of rare letters take up to nine bytes a character; with so many comments, these fit in every case.
SURE_COMMENTS_CHARACTERS = 15_000
TOO_LONG = "54000"
UNQUOTABLE = str.maketrans(dict.fromkeys("'\\\0", " "))
REFRESH = """
UPDATE incidents_issue i SET search =
    setweight(to_tsvector('simple', i.title), 'A')
    || setweight(to_tsvector('simple', left(i.description, %(description)s)), 'B')
    || setweight(to_tsvector('simple', left(coalesce((
         SELECT string_agg(left(c.body, 20000), ' ' ORDER BY c.id DESC) FROM incidents_comment c WHERE c.issue_id = i.id
       ), ''), %(comments)s)), 'C')
 WHERE i.id = ANY(%(ids)s)
"""


def search_query_of(text: str) -> SearchQuery | None:
    """What was typed as a query: every word, by its beginning where it is long enough; `-word` excludes it."""
    parts = []
    for typed in text.split()[:MAX_WORDS]:
        word = typed.lstrip("-").translate(UNQUOTABLE).strip()
        if word:
            ending = ":*" if len(word) >= SHORTEST_BEGINNING else ""
            parts.append(f"{'!' if typed.startswith('-') else ''}'{word}'{ending}")
    return SearchQuery(" & ".join(parts), search_type="raw", config=CONFIG) if parts else None


def find_words(rows: "QuerySet[M]", query: SearchQuery) -> "QuerySet[M]":
    """Those of `rows` (issues or incidents) that match, so that a page costs little whether the word is common or rare.

    PostgreSQL cannot know how common the beginning of a word is, and would walk through the whole table for a rare
    one. The newest rows are asked: a word that they hardly know is looked up in its index first.
    """
    table = rows.model._default_manager
    newest = table.order_by("-pk").values("pk")[:SAMPLE]
    known = table.filter(pk__in=newest, search=query).order_by().values("pk")[:COMMON]
    if len(known) == COMMON:
        return rows.filter(search=query)
    found = list(table.filter(search=query).order_by().values_list("pk", flat=True)[: MOST_FOUND + 1])
    return rows.filter(search=query) if len(found) > MOST_FOUND else rows.filter(pk__in=found)


def refresh_search(issue_ids: Sequence[int]) -> None:
    """Reads the words of these issues anew; to be called in the transaction that changed a text, under its lock."""
    refresh_words(REFRESH, issue_ids)


def refresh_words(statement: str, ids: Sequence[int]) -> None:
    """Runs a statement like REFRESH; where it comes to too many words, with fewer of the comments."""
    try:
        with transaction.atomic():
            _refresh(statement, ids, MAX_COMMENTS_CHARACTERS)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != TOO_LONG:
            raise
        _refresh(statement, ids, SURE_COMMENTS_CHARACTERS)


def _refresh(statement: str, ids: Sequence[int], comments: int) -> None:
    values: dict[str, Any] = {"ids": list(ids), "description": MAX_DESCRIPTION_CHARACTERS, "comments": comments}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
