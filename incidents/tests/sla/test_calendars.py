"""Calendars count working time as the clock on the wall shows it, to the second, over every DST change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.sla.calendars import (
    ALWAYS_OPEN,
    DAYS,
    AlwaysOpen,
    Calendar,
    CalendarSpec,
    check_calendar,
    compile_calendar,
)
from incidents.sla.errors import SpecError
from incidents.tests.sla.oracle import OracleCalendar

HOUR = timedelta(hours=1)
OFFICE = {day: [("09:00", "12:00"), ("13:00", "17:00")] for day in DAYS[:5]}
ROUND = {day: [("00:00", "24:00")] for day in DAYS}

# Where the clocks go forward and back; Lord Howe by half an hour; Apia skipped a whole day.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 1, 1, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 3, 22, 2, tzinfo=UTC)),
]


def office(zone: str = "Europe/Berlin", **more: object) -> Calendar:
    return compile_calendar(CalendarSpec("office", zone, OFFICE, **more))  # type: ignore[arg-type]


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[arg-type,misc]


@st.composite
def weeks(draw: st.DrawFn) -> tuple[dict[str, list[tuple[str, str]]], OracleCalendar, str, datetime]:
    """Random hours in a random zone near one of its changes, written both ways."""
    zone, change = draw(st.sampled_from(CHANGES))
    written: dict[str, list[tuple[str, str]]] = {}
    told: list[tuple[tuple[int, int], ...]] = []
    for day in DAYS:
        edges = sorted(draw(st.sets(st.integers(0, 96).map(lambda quarter: quarter * 15), max_size=6)))
        pairs = tuple(zip(edges[::2], edges[1::2], strict=False))
        written[day] = [(f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}") for a, b in pairs]
        told.append(pairs)
    if not any(told):
        written["sun"], told[6] = [("00:00", "24:00")], ((0, 1440),)
    days = st.integers(-2, 2).map(lambda n: (change + timedelta(days=n)).date())
    return written, OracleCalendar(zone, tuple(told), frozenset(draw(st.sets(days, max_size=1)))), zone, change


def compiled(written: dict[str, list[tuple[str, str]]], told: OracleCalendar) -> Calendar:
    extra = [day.isoformat() for day in told.holidays]
    return compile_calendar(CalendarSpec("random", told.zone, written, extra_holidays=extra))


@settings(max_examples=150, deadline=None)
@given(weeks(), st.integers(-2880, 2880), st.integers(0, 4320))
def test_elapsed_equals_counting_every_minute(week: tuple, first: int, length: int) -> None:
    written, told, _, change = week
    start = change + timedelta(minutes=first)
    end = start + timedelta(minutes=length)
    calendar = compiled(written, told)

    assert calendar.elapsed(start, end) == timedelta(minutes=told.count(start, end))
    spans = list(calendar.spans(start, end))
    assert sum((span.end - span.start for span in spans if span.is_working), timedelta()) == calendar.elapsed(
        start, end
    )
    assert [span.start for span in spans] + [end] == [start] + [span.end for span in spans] or start == end
    assert all(a.is_working != b.is_working for a, b in pairwise(spans))


@settings(max_examples=150, deadline=None)
@given(weeks(), st.integers(-172_800, 172_800), st.integers(1, 90_000))
def test_adding_what_elapsed_leads_back_to_the_first_moment_that_has_it(week: tuple, first: int, amount: int) -> None:
    written, told, _, change = week
    start = change + timedelta(seconds=first)
    calendar = compiled(written, told)

    due = calendar.add(start, timedelta(seconds=amount))

    assert due is not None
    assert calendar.elapsed(start, due) == timedelta(seconds=amount)
    assert calendar.elapsed(start, due - timedelta(microseconds=1)) < timedelta(seconds=amount)


@settings(max_examples=150, deadline=None)
@given(weeks(), st.lists(st.integers(-40_000_000, 40_000_000), min_size=3, max_size=3))
def test_elapsed_adds_up_over_any_cut(week: tuple, seconds: list[int]) -> None:
    written, told, _, change = week
    a, b, c = (change + timedelta(seconds=n) for n in sorted(seconds))
    calendar = compiled(written, told)

    assert calendar.elapsed(a, b) + calendar.elapsed(b, c) == calendar.elapsed(a, c)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/New_York", (2026, 3, 8), 23),
        ("America/New_York", (2026, 11, 1), 25),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("UTC", (2026, 3, 29), 24),
    ],
)
def test_a_day_of_a_clock_change_has_its_true_length(zone: str, day: tuple[int, int, int], hours: float) -> None:
    whole = {"sun": [("00:00", "24:00")]}
    calendar = compile_calendar(CalendarSpec("sundays", zone, whole))
    start = local(zone, *day)

    assert calendar.elapsed(start, start + timedelta(days=2)) == timedelta(hours=hours)


def test_office_hours_keep_their_local_time_over_a_clock_change() -> None:
    friday_four = local("Europe/Berlin", 2026, 3, 27, 16)

    assert office().add(friday_four, 2 * HOUR) == local("Europe/Berlin", 2026, 3, 30, 10)
    assert office().elapsed(friday_four, local("Europe/Berlin", 2026, 3, 30, 17)) == 8 * HOUR


def test_an_hour_that_comes_twice_counts_twice_and_one_that_is_skipped_never() -> None:
    nights = {day: [("02:00", "03:00")] for day in DAYS}
    calendar = compile_calendar(CalendarSpec("nights", "Europe/Berlin", nights))

    assert calendar.elapsed(local("Europe/Berlin", 2026, 10, 25), local("Europe/Berlin", 2026, 10, 26)) == 2 * HOUR
    assert calendar.elapsed(local("Europe/Berlin", 2026, 3, 29), local("Europe/Berlin", 2026, 3, 30)) == 0 * HOUR


def test_holidays_of_country_and_region_and_by_hand_do_not_count() -> None:
    bavaria = office(holiday_country="DE", holiday_subdivision="BY", extra_holidays=["2026-12-24"])
    berlin = office(holiday_country="DE", holiday_subdivision="BE")
    epiphany = local("Europe/Berlin", 2026, 1, 6), local("Europe/Berlin", 2026, 1, 7)
    christmas_eve = local("Europe/Berlin", 2026, 12, 24), local("Europe/Berlin", 2026, 12, 27)

    assert bavaria.elapsed(*epiphany) == 0 * HOUR
    assert berlin.elapsed(*epiphany) == 7 * HOUR
    assert bavaria.elapsed(*christmas_eve) == 0 * HOUR
    assert berlin.elapsed(*christmas_eve) == 7 * HOUR


def test_a_holiday_in_another_zone_is_the_local_day() -> None:
    calendar = compile_calendar(CalendarSpec("tokyo", "Asia/Tokyo", ROUND, extra_holidays=["2026-01-01"]))

    assert calendar.add(datetime(2025, 12, 31, 14, 30, tzinfo=UTC), HOUR) == datetime(2026, 1, 1, 15, 30, tzinfo=UTC)


def test_round_the_clock_is_plain_time() -> None:
    start = datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin"))

    assert isinstance(compile_calendar(CalendarSpec("always")), AlwaysOpen)
    assert compile_calendar(CalendarSpec("spelled out", "Europe/Berlin", ROUND)) is ALWAYS_OPEN
    assert ALWAYS_OPEN.elapsed(start, start + timedelta(days=1)) == 23 * HOUR
    assert ALWAYS_OPEN.add(start, 23 * HOUR) == local("Europe/Berlin", 2026, 3, 30)


def test_round_the_clock_less_holidays_is_possible() -> None:
    calendar = compile_calendar(CalendarSpec("less", "UTC", None, extra_holidays=["2026-01-01"]))

    assert calendar.elapsed(datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)) == 48 * HOUR


@pytest.mark.parametrize("calendar", [ALWAYS_OPEN, office()], ids=["always", "office"])
def test_a_clock_that_was_set_back_never_gives_negative_time(calendar: Calendar) -> None:
    start = datetime(2026, 6, 1, 10, tzinfo=UTC)

    assert calendar.elapsed(start, start - HOUR) == timedelta(0)
    assert calendar.elapsed(start, start) == timedelta(0)
    assert list(calendar.spans(start, start - HOUR)) == []


@pytest.mark.parametrize("year", [1, 1970, 9998, 9999])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
def test_the_edges_of_time_do_no_harm(year: int, zone: str) -> None:
    calendar = office(zone)
    start = datetime(year, 1, 1, tzinfo=UTC) if year < 9999 else datetime(9999, 12, 29, 1, tzinfo=UTC)
    latest = datetime.max.replace(tzinfo=UTC)
    end = start + timedelta(days=7) if year < 9999 else latest

    assert calendar.elapsed(start, end) > timedelta(0)
    assert list(calendar.spans(latest - 48 * HOUR, latest))[-1].end == latest
    if year == 9999:
        assert calendar.add(start, 1_000 * HOUR) is None
        assert ALWAYS_OPEN.add(start, 1_000 * HOUR) is None
    else:
        assert calendar.add(start, HOUR) is not None


def test_what_takes_longer_than_fifty_years_is_unforeseeable() -> None:
    one_minute_a_week = compile_calendar(CalendarSpec("rare", "UTC", {"mon": [("00:00", "00:01")]}))

    assert one_minute_a_week.add(datetime(2026, 1, 1, tzinfo=UTC), 60 * HOUR) is None


def test_equal_specifications_share_their_tables() -> None:
    assert office() is office()


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (CalendarSpec("x", "Europe/Bärlin"), "timezone"),
        (CalendarSpec("x", "../etc/passwd"), "timezone"),
        (CalendarSpec("x", "UTC", {}), "hours"),
        (CalendarSpec("x", "UTC", {"mon": []}), "hours"),
        (CalendarSpec("x", "UTC", {"monday": [("09:00", "17:00")]}), "hours.monday"),
        (CalendarSpec("x", "UTC", {"mon": [("17:00", "09:00")]}), "hours.mon[0]"),
        (CalendarSpec("x", "UTC", {"mon": [("09:00", "09:00")]}), "hours.mon[0]"),
        (CalendarSpec("x", "UTC", {"mon": [("24:00", "24:00")]}), "hours.mon[0]"),
        (CalendarSpec("x", "UTC", {"mon": [("9:00", "17:00")]}), "hours.mon[0]"),
        (CalendarSpec("x", "UTC", {"mon": [("09:00", "24:01")]}), "hours.mon[0]"),
        (CalendarSpec("x", "UTC", {"mon": [("09:00",)]}), "hours.mon[0]"),
        (CalendarSpec("x", "UTC", {"mon": [("09:00", "12:00"), ("11:00", "17:00")]}), "hours.mon[1]"),
        (CalendarSpec("x", "UTC", {"mon": [("13:00", "17:00"), ("09:00", "12:00")]}), "hours.mon[1]"),
        (CalendarSpec("x", "UTC", OFFICE, "XX"), "holidays.country"),
        (CalendarSpec("x", "UTC", OFFICE, "DE", "XX"), "holidays.subdivision"),
        (CalendarSpec("x", "UTC", OFFICE, None, "BY"), "holidays.subdivision"),
        (CalendarSpec("x", "UTC", OFFICE, extra_holidays=["2026-02-30"]), "holidays.extra[0]"),
        (CalendarSpec("x", "UTC", OFFICE, extra_holidays=["20260101"]), "holidays.extra[0]"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_with_its_place(spec: CalendarSpec, path: str) -> None:
    with pytest.raises(SpecError) as refused:
        compile_calendar(spec)

    assert refused.value.path == path


def test_all_faults_are_told_at_once() -> None:
    spec = CalendarSpec("x", "Nowhere", {"mon": [("9", "17")], "day": []}, "XX", extra_holidays=["tomorrow"])

    assert {error.path for error in check_calendar(spec)} == {
        "timezone", "hours.mon[0]", "hours.day", "holidays.country", "holidays.extra[0]"
    }  # fmt: skip


def test_stretches_that_touch_are_fine() -> None:
    touching = {"mon": [("09:00", "12:00"), ("12:00", "24:00")], "tue": [("00:00", "06:00")]}
    calendar = compile_calendar(CalendarSpec("late", "UTC", touching))
    monday = datetime(2026, 1, 5, tzinfo=UTC)

    assert calendar.add(monday, 21 * HOUR) == datetime(2026, 1, 6, 6, tzinfo=UTC)
    assert [span.is_working for span in calendar.spans(monday, monday + timedelta(days=2))] == [False, True, False]


def test_a_weekday_is_that_of_the_local_date() -> None:
    assert date(2026, 1, 5).weekday() == 0
    calendar = compile_calendar(CalendarSpec("auckland", "Pacific/Auckland", {"mon": [("00:00", "24:00")]}))

    assert calendar.elapsed(datetime(2026, 1, 4, 11, tzinfo=UTC), datetime(2026, 1, 5, 11, tzinfo=UTC)) == 24 * HOUR
