"""The doors to daily figures: what beat rings for, and the command."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from incidents.testing.factories import make_issue
from reports.models import DailyStat
from reports.services.daily_stats import refresh_daily_stats
from reports.sweeps import aggregate_daily, rebuild_daily
from tracker.exceptions import Conflict
from tracker.models import SweepHeartbeat
from tracker.site_time import time_in_utc

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _one_issue_since_the_day_before(move_clock):
    move_clock(to=datetime(2026, 11, 2, 12, tzinfo=UTC))
    make_issue()
    move_clock(to=NOON)


def test_beat_keeps_them_up_and_makes_them_anew_at_night():
    assert (aggregate_daily(), rebuild_daily()) == (2, 1)
    assert set(SweepHeartbeat.objects.values_list("name", flat=True)) == {"aggregate_daily", "rebuild_daily"}
    assert DailyStat.objects.count() == 2


def test_the_command_makes_the_days_that_are_named(capsys):
    call_command("aggregate_daily", "--from", "2026-11-02", "--to", "2026-11-02")
    assert capsys.readouterr().out == "1 rows, 1 written, 0 removed.\n"
    call_command("aggregate_daily", "--quiet")
    assert capsys.readouterr().out == "2 rows, 1 written, 0 removed.\n"


@pytest.mark.parametrize("arguments", [["--to", "2026-11-04"], ["--from", "yesterday"], ["--from", "2026-11-04"]])
def test_the_command_refuses_what_is_no_day_that_was(arguments):
    with pytest.raises((CommandError, SystemExit)):
        call_command("aggregate_daily", *arguments)
    assert not DailyStat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_them_at_once_one_leaves_it_to_the_other(monkeypatch):
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('daily figures', 2711))")
        with pytest.raises(Conflict, match="being made already"):
            refresh_daily_stats()
        assert aggregate_daily() == 0
    other.close()
    assert aggregate_daily() == 2


@pytest.mark.parametrize(("zone", "told"), [("UTC", (0, 20)), ("Europe/Berlin", (23, 20)), ("America/Havana", (5, 20))])
def test_the_night_of_the_site_is_not_over_when_all_is_made_anew(zone, told, settings):
    settings.SITE_TIMEZONE = zone
    assert time_in_utc(0, 20) == told
