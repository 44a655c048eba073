"""The documented order of a ticket's events, for statements: the one that incidents/intake/ticket_cases.py places them
in."""

from collections.abc import Iterable

import orjson

from incidents.choices import CATEGORY_RANK
from incidents.services.statuses import look_up_categories

# Of events `e`, whose statuses mean `w`.
TOLD_ORDER = "e.updated_at, coalesce(e.sequence, 0), w.rank, e.fingerprint"
# What statuses mean as `write_meanings` told the statement.
MEANINGS = "jsonb_to_recordset(%(statuses)s) AS w(status text, category text, rank int)"


def write_meanings(spellings: Iterable[str]) -> str:
    """What each status means as senders spell it, as JSON: the same as for the clocks."""
    meanings = sorted(look_up_categories(spellings).items())
    return orjson.dumps(
        [{"status": word, "category": str(kind), "rank": CATEGORY_RANK[str(kind)]} for word, kind in meanings]
    ).decode()
