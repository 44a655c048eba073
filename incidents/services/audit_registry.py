"""What must always hold between the tables: rules that packages declare and the auditor asks.

A rule goes through the rows of one table, a few at a time (`rows`), or is asked as a whole, where an index keeps that
cheap. Its statement selects the key of every row that breaks it; `%(now)s` is the present moment, `%(ids)s` the rows to
look at. Where there is a `repair`, it is what the ordinary services do, never a guess; all else is for a person.

    declare(Rule("a lease ends", "delivery", by_statement("SELECT id::text FROM …"), repair=free_deliveries))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tracker import clock

# So many rows that break one rule are told at once.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a rule goes through. `lately` selects the ids of those most likely to have changed since the last
    pass, `%(most)s` of them; `rolled` more are looked at when the table's turn comes."""

    table: str
    lately: str = ""
    most: int = 200
    rolled: int = 500

    @property
    def name(self) -> str:
        """Under which its marks are kept."""
        return f"{self.table} {self.rolled}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that breaks a rule, by its key, and what is known beyond that."""

    key: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: at these rows, if the rule goes through rows; and at no others than these keys, if they are
    given."""

    ids: Sequence[int] = ()
    keys: Sequence[str] | None = None


Find = Callable[[Scope], Sequence[Broken]]
Repair = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold.

    Attributes:
        name: the sentence that is true where all is well.
        subject: what its rows are called in the log.
        rows: what it goes through; None where it is asked as a whole.
        is_nightly: too dear for every minute.
        repair: brings rows of these keys in order; asked again afterwards, the rule says whether it did.
        sample: of so many rows at most unless somebody asks for all; None = always all.
    """

    name: str
    subject: str
    find: Find
    rows: Rows | None = None
    is_nightly: bool = False
    repair: Repair | None = None
    sample: int | None = None

    def check(self, keys: Sequence[str]) -> Sequence[Broken]:
        """Those of these keys that break it now."""
        ids = [int(key) for key in keys if key.isdecimal()] if self.rows is not None else ()
        return self.find(Scope(ids, keys))


_rules: dict[str, Rule] = {}


def declare(*rules: Rule) -> None:
    """Adds rules; one that is declared again replaces itself."""
    _rules.update({rule.name: rule for rule in rules})


def all_rules() -> Mapping[str, Rule]:
    """Every rule, by its sentence."""
    return _rules


@dataclass(frozen=True, slots=True)
class ByStatement:
    """Finds by one statement that selects keys as text; many of them can be asked together."""

    sql: str

    def __call__(self, scope: Scope) -> Sequence[Broken]:
        """What the statement selects."""
        narrowed = "" if scope.keys is None else " WHERE key = ANY(%(keys)s::text[])"
        asked = f"SELECT key FROM ({self.sql}) AS broken(key){narrowed} LIMIT {MOST}"  # noqa: S608 - of ours alone
        with connection.cursor() as cursor:
            cursor.execute(asked, {"now": clock.now(), "ids": list(scope.ids), "keys": list(scope.keys or ())})
            return [Broken(key) for (key,) in cursor.fetchall()]


def by_statement(statement: str) -> Find:
    """Finds by one statement that selects keys as text."""
    return ByStatement(statement)


def ask_together(rules: Sequence[Rule], scopes: Mapping[str, Scope]) -> dict[str, list[Broken]]:
    """What breaks each of these rules, by name, in one statement: thirty of them would be thirty journeys.

    Raises:
        DatabaseError: one of them could not be asked; ask them one by one.
    """
    parts, parameters = [], dict[str, Any](now=clock.now())
    for place, rule in enumerate(rules):
        assert isinstance(rule.find, ByStatement)  # noqa: S101
        own = rule.find.sql.replace("%(ids)s", f"%(ids_{place})s")
        parts.append(f"(SELECT {place}, key FROM ({own}) AS broken(key) LIMIT {MOST})")  # noqa: S608
        parameters[f"ids_{place}"] = list(scopes[rule.name].ids)
    broken: dict[str, list[Broken]] = {rule.name: [] for rule in rules}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
        for place, key in cursor.fetchall():
            broken[rules[place].name].append(Broken(key))
    return broken
