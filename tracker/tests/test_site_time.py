"""The site's days: one after the other without gap, also where midnight is skipped or comes twice."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from tracker import env
from tracker.site_time import DAY, day_of, days_between, start_of_day

DAYS = {
    ("UTC", date(2026, 3, 29)): 24,
    ("Europe/Berlin", date(2026, 3, 29)): 23,
    ("Europe/Berlin", date(2026, 10, 25)): 25,
    ("Australia/Lord_Howe", date(2026, 4, 5)): 24.5,
    ("America/Sao_Paulo", date(2018, 11, 4)): 23,
    ("America/Havana", date(2026, 11, 1)): 25,
    ("America/St_Johns", date(2010, 11, 6)): 24,
    ("America/St_Johns", date(2010, 11, 7)): 25,
    ("Pacific/Apia", date(2011, 12, 30)): 0,
}


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_a_day_is_as_long_as_the_clock_on_the_wall_says(zone, day, settings):
    settings.SITE_TIMEZONE = zone
    assert start_of_day(day + DAY) - start_of_day(day) == timedelta(hours=DAYS[zone, day])


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_each_moment_lies_in_one_day(zone, day, settings):
    settings.SITE_TIMEZONE = zone
    for around in days_between(day - DAY, day + DAY):
        first, end = start_of_day(around), start_of_day(around + DAY)
        moments = [first + timedelta(minutes=15) * step for step in range(110)]
        assert {day_of(moment) for moment in moments if moment < end} <= {around}
    assert list(days_between(day, day - DAY)) == []


def test_the_zone_of_the_site_must_be_one(monkeypatch):
    monkeypatch.delenv("SITE_TIMEZONE", raising=False)
    assert env.read_timezone("SITE_TIMEZONE", "UTC") == "UTC"
    monkeypatch.setenv("SITE_TIMEZONE", "Europe/Berlin")
    assert env.read_timezone("SITE_TIMEZONE", "UTC") == "Europe/Berlin"
    for text in ("Berlin", "../etc/passwd", "Europe", "x\ty"):
        monkeypatch.setenv("SITE_TIMEZONE", text)
        with pytest.raises(ImproperlyConfigured, match="SITE_TIMEZONE must be the name of a time zone"):
            env.read_timezone("SITE_TIMEZONE", "UTC")


def test_a_day_begins_in_the_zone_of_the_site(settings):
    settings.SITE_TIMEZONE = "Europe/Berlin"
    assert start_of_day(date(2026, 1, 1)) == datetime(2025, 12, 31, 23, tzinfo=UTC)
