"""Working time counted by the database is that of the engine, whatever the calendar and wherever the moments lie."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection

from incidents.services.working_sql import CALENDAR, calendar_arrays, working_seconds
from incidents.sla.calendars import CalendarSpec, compile_calendar

pytestmark = pytest.mark.django_db
WEEK = ("mon", "tue", "wed", "thu", "fri")
OPEN = [["09:00", "12:30"], ["13:00", "17:15"]]
CALENDARS = (
    CalendarSpec("office", "Europe/Berlin", dict.fromkeys(WEEK, OPEN), "DE", "BY"),
    CalendarSpec(
        "nights", "America/New_York", {day: [["00:00", "06:00"], ["22:00", "24:00"]] for day in (*WEEK, "sun")}
    ),
    CalendarSpec("holidays only", "Australia/Lord_Howe", None, "AU", None, ("2024-02-29", "2025-12-31")),
    CalendarSpec("one hour", "UTC", {"wed": [["10:00", "11:00"]]}),
)
STATEMENT = f"""
SELECT {working_seconds("since", "until")} FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS m(since, until, n)
 CROSS JOIN {CALENDAR} ORDER BY n
"""  # noqa: S608 - our own expressions


@pytest.mark.parametrize("spec", CALENDARS, ids=lambda spec: spec.name)
def test_the_database_and_the_engine_count_the_same(spec):
    random, calendar = Random(spec.name), compile_calendar(spec)
    first = datetime(2023, 1, 1, tzinfo=UTC)
    pairs = [(first, datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)), (first, first)]
    for _ in range(300):
        since = first + timedelta(seconds=random.randrange(3 * 365 * 86_400))
        pairs.append((since, since + timedelta(seconds=random.choice((60, 7_200, 200_000, 20_000_000)))))
    # The very edges of a stretch.
    for span in calendar.spans(first, first + timedelta(days=30)):
        pairs.append((span.start, span.end))
    values = [[moment.timestamp() for moment in side] for side in zip(*pairs, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [*values, *calendar_arrays(calendar, 2023, 2026)])
        counted = [row[0] for row in cursor.fetchall()]
    assert counted == [calendar.elapsed(since, until).total_seconds() for since, until in pairs]


def test_a_calendar_that_never_opens_in_these_years_counts_nothing():
    closed = tuple((datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat() for day in range(366))
    calendar = compile_calendar(CalendarSpec("closed", "UTC", None, None, None, closed))
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [[1_704_067_200.0], [1_720_000_000.0], *calendar_arrays(calendar, 2024, 2024)])
        assert cursor.fetchall() == [(0,)]
