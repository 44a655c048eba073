"""How durations spread: count, mean, median, 85th and 95th percentile, of all and by groups, in one statement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, FloatField, Func, QuerySet

from incidents.services.working_sql import CALENDAR, calendar_arrays, working_seconds
from incidents.sla.calendars import ALWAYS_OPEN, Calendar

SHARES = {"median": 0.5, "p85": 0.85, "p95": 0.95}
NAMES = ("mean", *SHARES)
Facts = dict[str, Any]
# Per kind of time: the sum, from which the mean, and the percentiles. The rows come as (wall, until, groups …).
_SPREAD = "sum({name}), percentile_cont(%s::float8[]) WITHIN GROUP (ORDER BY {name}::float8)"
_STATEMENT = """
WITH counted (wall, until{columns}) AS ({rows}),
measured AS (SELECT counted.*{working} FROM counted{calendar})
SELECT {mask}, count(*), {spreads}{columns}
  FROM measured GROUP BY GROUPING SETS ((){sets})
"""


@dataclass(frozen=True, slots=True)
class Hours:
    """The calendar that counts, and the years in which anything lies; the first is asked for only where it matters."""

    calendar: Calendar
    first_year: Callable[[], int]
    last_year: int


@dataclass(slots=True)
class Spread:
    """Facts of all, and of each group by the name of the grouping and its key. Of nothing there is no mean."""

    total: Facts
    groups: dict[str, dict[Any, Facts]] = field(default_factory=dict)


def epoch_of(name: str) -> Func:
    """A moment in whole seconds since 1970, as the expressions of working time want it."""
    return Func(F(name), template="floor(date_part('epoch', %(expressions)s))", output_field=FloatField())


def spread_rows(rows: QuerySet[Any], hours: Hours, *, wall: Any, until: Any, groups: Mapping[str, Any]) -> Spread:
    """The spread of a queryset; `wall` (seconds), `until` (seconds since 1970) and `groups` are expressions of it."""
    named = {f"group_{name}": expression for name, expression in groups.items()}
    picked = rows.order_by().annotate(spread_wall=wall, spread_until=until, **named)
    try:
        sql, values = picked.values_list("spread_wall", "spread_until", *named).query.sql_with_params()
    except EmptyResultSet:
        return Spread(no_facts(), {name: {} for name in groups})
    return spread_statement(sql, values, hours, groups=list(groups))


def spread_statement(sql: str, values: Sequence[Any], hours: Hours, *, groups: Sequence[str] = ()) -> Spread:
    """The spread of what a statement of ours finds: wall seconds, end in seconds since 1970, and a column per group."""
    is_measured = hours.calendar is not ALWAYS_OPEN
    columns = "".join(f", of_{name}" for name in groups)
    measured = f", {working_seconds('until - wall', 'until')} AS working" if is_measured else ""
    kinds = ("wall", "working") if is_measured else ("wall",)
    statement = _STATEMENT.format(
        rows=sql,
        columns=columns,
        working=measured,
        calendar=f" CROSS JOIN {CALENDAR}" if is_measured else "",
        mask=f"grouping({columns.removeprefix(', ')})" if groups else "0",
        sets="".join(f", (of_{name})" for name in groups),
        spreads=", ".join(_SPREAD.format(name=name) for name in kinds),
    )
    years = (hours.first_year(), hours.last_year) if is_measured else (0, 0)
    arrays = calendar_arrays(hours.calendar, *years) if is_measured else ()
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *arrays, *([list(SHARES.values())] * len(kinds))])
        return _read(cursor.fetchall(), groups, len(kinds))


def _read(found: Sequence[tuple[Any, ...]], groups: Sequence[str], kinds: int) -> Spread:
    spread = Spread(no_facts(), {name: {} for name in groups})
    # grouping() has a bit for each column that a line is not grouped by, the last column's the lowest.
    bits = {(1 << len(groups)) - 1 - (1 << (len(groups) - 1 - place)): name for place, name in enumerate(groups)}
    for mask, count, *line in found:
        spreads = [_write(count, *line[2 * kind : 2 * kind + 2]) for kind in range(kinds)]
        facts = {"n": count, "wall": spreads[0], "working": spreads[-1]}
        name = bits.get(mask) if groups else None
        if name is None:
            spread.total = facts
        else:
            spread.groups[name][line[2 * kinds + list(groups).index(name)]] = facts
    return spread


def _write(count: int, total: Decimal | int | None, percentiles: Sequence[float] | None) -> Facts:
    if not count or total is None or percentiles is None:
        return dict.fromkeys(NAMES)
    mean = int((Decimal(total) / count).to_integral_value(ROUND_HALF_EVEN))
    return {"mean": mean, **{name: round(value) for name, value in zip(SHARES, percentiles, strict=True)}}


def no_facts() -> Facts:
    """Facts of no rows."""
    return {"n": 0, "wall": dict.fromkeys(NAMES), "working": dict.fromkeys(NAMES)}
