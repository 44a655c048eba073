"""Working time between two moments as an expression of SQL, so that a report never has to read row by row.

A calendar becomes two arrays: the moments at which it opens and closes by turns, and the working seconds up to each.
Where a moment lies is found by bisection (`width_bucket`), so half a million rows cost a fraction of a second. All in
whole seconds, which are exact both in double precision and in bigint.
"""

from datetime import UTC, datetime
from functools import lru_cache

from incidents.sla.working_time import Calendar

# The table that the expressions below read; its parameters are what `calendar_arrays` answers.
CALENDAR = "(SELECT %s::float8[] AS edges, %s::bigint[] AS totals) AS calendar"
MOST_YEARS = 80


def working_seconds(since: str, until: str) -> str:
    """The expression for the working seconds between two expressions of seconds since 1970 (double precision).

    They are our own SQL, never input. Exact within the years that the arrays were made for.
    """
    return f"({_up_to(until)} - {_up_to(since)})"


def calendar_arrays(calendar: Calendar, first_year: int, last_year: int) -> tuple[str, str]:
    """The parameters of CALENDAR for these years, both included."""
    return _write_arrays(calendar, max(first_year, last_year - MOST_YEARS), last_year)  # type: ignore[arg-type]


@lru_cache(maxsize=32)
def _write_arrays(calendar: Calendar, first_year: int, last_year: int) -> tuple[str, str]:
    edges: list[int] = []
    totals: list[int] = []
    total = 0
    start = datetime(first_year, 1, 1, tzinfo=UTC)
    for span in calendar.spans(start, datetime(last_year + 1, 1, 1, tzinfo=UTC)):
        if span.is_working:
            opens, closes = int(span.start.timestamp()), int(span.end.timestamp())
            edges += (opens, closes)
            totals += (total, total + closes - opens)
            total = totals[-1]
    return f"{{{','.join(map(str, edges))}}}", f"{{{','.join(map(str, totals))}}}"


def _up_to(moment: str) -> str:
    place = f"width_bucket({moment}, calendar.edges)"
    # Past an odd edge the calendar is open.
    running = f"CASE WHEN mod({place}, 2) = 1 THEN ({moment} - calendar.edges[{place}])::bigint ELSE 0 END"
    return f"(coalesce(calendar.totals[{place}], 0) + {running})"
