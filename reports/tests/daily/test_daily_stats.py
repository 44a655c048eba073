"""Daily figures are a function of history: any day, made at any time, in whichever way, comes to the same row."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Max, Min

from incidents.intake.tickets import ingest_rows
from incidents.models import Incident, Issue, Ticket
from incidents.services.alerts import sweep_due_clocks
from incidents.services.issues import delete_issue
from incidents.testing.factories import make_issue
from reports.choices import DailyMeasure
from reports.models import DailyStat
from reports.services.daily_stats import RefreshResult, advance_daily_stats, refresh_daily_stats, visible_daily_stats
from reports.tests.daily.slow_figures import count_slowly
from reports.tests.daily.worlds import SYSTEM, World
from tracker import clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput
from tracker.site_time import DAY, day_of, days_between, start_of_day
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db
ZONE = "America/Havana"
# The clocks go back at 1:00 on 1 November, so that this day's midnight comes twice.
FIRST, LAST = date(2026, 10, 28), date(2026, 11, 5)


@pytest.fixture(autouse=True)
def _in_havana(settings):
    settings.SITE_TIMEZONE = ZONE


def read_rows(**which: Any) -> dict[Any, Any]:
    rows = DailyStat.objects.filter(**which)
    return {(row.measure, row.project_id, row.day): row.figures for row in rows}


def without_zeros(figures: dict[str, Any]) -> dict[str, Any]:
    """A free word, once named, stays named."""
    words = figures.get("open_by_priority", {})
    return figures | ({"open_by_priority": {word: count for word, count in words.items() if count}} if words else {})


def assert_right(last: date) -> None:
    """The rows are what anybody counts by hand, there is one for each day, and each day follows from the one before."""
    found = {key: without_zeros(figures) for key, figures in read_rows().items()}
    slowly = {
        (measure.value, *place): without_zeros(figures)
        for measure in DailyMeasure
        for place, figures in count_slowly(measure, last).items()
    }
    assert found == slowly
    for (measure, project, day), figures in found.items():
        if "open" in figures:
            before = found.get((measure, project, day - DAY), {"open": 0})["open"]
            came = figures["opened"] + figures["reopened"] + figures["moved_in"]
            assert figures["open"] == before + came - figures["closed"] - figures["moved_out"]
            assert figures["open"] == sum(figures["open_by_status"].values())


def assert_present() -> None:
    """Today's figures are what the tables hold."""
    today = day_of(clock.now())
    for measure, rows in (
        ("issues", Issue.objects.exclude(status="DONE")),
        ("incidents", Incident.objects.exclude(status="DONE")),
        ("tickets", Ticket.objects.filter(is_open=True)),
    ):
        counted = dict(rows.order_by().values_list("project").annotate(Count("id")))
        told = {project: figures["open"] for (_, project, _), figures in read_rows(measure=measure, day=today).items()}
        assert {project: count for project, count in told.items() if count} == counted


@pytest.mark.parametrize("seed", [1, 2])
def test_day_by_day_and_all_at_once_come_to_the_same(seed, move_clock):
    world = World(seed)
    for day in days_between(FIRST, LAST):
        noon = start_of_day(day) + timedelta(hours=11)
        world.live(start_of_day(day), noon, 4)
        with clock.moved(to=noon):
            advance_daily_stats()
        world.live(noon, start_of_day(day + DAY), 4)
    move_clock(to=start_of_day(LAST) + timedelta(hours=23))
    advance_daily_stats()
    assert_right(LAST)
    assert_present()
    before = read_rows()
    again = refresh_daily_stats()
    # Only the day that is running is written, for the moment at which it was looked at.
    assert (again.rows, again.removed) == (len(before), 0)
    assert again.written == len(read_rows(day=LAST))
    assert read_rows() == before


@pytest.mark.parametrize("seed", [7, 8])
def test_events_of_one_moment_count_in_the_documented_order(seed, move_clock):
    """Few moments, so that many events meet on one; some before their ticket's creation."""
    world, made = World(seed), start_of_day(FIRST)
    move_clock(to=start_of_day(LAST) + timedelta(hours=1))
    for number in range(60):
        created = made + timedelta(hours=world.chance.choice([0, 0, 26]))
        at = made + timedelta(hours=world.chance.choice([-30, 0, 5, 26, 26, 50, 50]))
        world.tell(f"T-{number % 5}", created, at)
    sweep_due_clocks()
    refresh_daily_stats()
    assert_right(LAST)
    assert_present()


def test_any_day_is_made_anew_and_nothing_else_is_touched(move_clock):
    world = World(3)
    world.live(start_of_day(FIRST), start_of_day(LAST), 40)
    move_clock(to=start_of_day(LAST + DAY))
    refresh_daily_stats()
    whole, day = read_rows(), FIRST + 3 * DAY
    DailyStat.objects.filter(day=day).update(figures={"open": -1})
    DailyStat.objects.filter(day=day - DAY).delete()
    DailyStat.objects.create(day=day, project=make_project(), measure="issues", figures={}, refreshed_at=clock.now())
    spoilt = read_rows(day=LAST)
    result = refresh_daily_stats(first=day - DAY, last=day)
    assert (result.rows, result.written, result.removed) == (len(read_rows(day__range=(day - DAY, day))),) * 2 + (1,)
    assert read_rows() == whole
    assert read_rows(day=LAST) == spoilt
    assert refresh_daily_stats(first=day, last=day) == RefreshResult(len(read_rows(day=day)), 0, 0)


def test_what_is_deleted_or_told_late_heals(move_clock):
    world = World(4)
    world.live(start_of_day(FIRST), start_of_day(LAST), 40)
    move_clock(to=start_of_day(LAST) + timedelta(hours=12))
    refresh_daily_stats()
    open_issue = Issue.objects.exclude(status="DONE").first()
    assert open_issue is not None
    delete_issue(actor=SYSTEM, issue=open_issue)
    for name in ("T-0", "T-1", "LATE"):
        world.tell(name, start_of_day(FIRST), start_of_day(FIRST + 2 * DAY))
    sweep_due_clocks()
    assert read_rows() != {}
    # What the tables say to be open is seen at once; the rest at night.
    move_clock(by=None, to=start_of_day(LAST) + timedelta(hours=13))
    advance_daily_stats()
    assert_present()
    refresh_daily_stats()
    assert_right(LAST)


def test_after_36_hours_of_outage_every_day_is_there_and_right(move_clock):
    world = World(5)
    down_at = start_of_day(FIRST + 2 * DAY) + timedelta(hours=19)
    world.live(start_of_day(FIRST), down_at, 30)
    with clock.moved(to=down_at):
        advance_daily_stats()
    up_at = down_at + timedelta(hours=36)
    world.live(down_at, up_at, 15)
    move_clock(to=up_at)
    advance_daily_stats()
    days = day_of(up_at)
    assert_right(days)
    for row in DailyStat.objects.values("project", "measure").annotate(
        rows=Count("id"), days=Count("day", distinct=True)
    ):
        assert row["rows"] == row["days"]
    assert_present()


def test_a_missing_day_is_found_and_made(move_clock):
    make_issue(created_at=start_of_day(FIRST))
    move_clock(to=start_of_day(LAST) + timedelta(hours=1))
    advance_daily_stats()
    whole = read_rows()
    DailyStat.objects.filter(day=FIRST + DAY).delete()
    advance_daily_stats()
    assert read_rows() == whole
    assert len(whole) == (LAST - FIRST).days + 1


def test_a_day_that_was_still_running_is_looked_at_once_more(move_clock):
    with clock.moved(to=start_of_day(FIRST) + timedelta(hours=1)):
        issue = make_issue()
        advance_daily_stats()
    with clock.moved(to=start_of_day(FIRST) + timedelta(hours=5)):
        make_issue(project=issue.project)
    move_clock(to=start_of_day(FIRST + DAY) + timedelta(hours=1))
    advance_daily_stats()
    assert [row.figures["open"] for row in DailyStat.objects.order_by("day")] == [2, 2]


def test_the_first_twenty_words_have_names_and_the_rest_are_other(move_clock):
    for number in range(30):
        day = FIRST + timedelta(days=number // 10)
        at = start_of_day(day) + timedelta(hours=1)
        event = {"id": f"W-{number}", "created_at": at, "updated_at": at, "status": "new", "customer_tier": "gold"}
        with clock.moved(to=at):
            ingest_rows(actor=SYSTEM, rows=[event | {"priority": f"word{number:02}"}])
            if number % 10 == 9:
                advance_daily_stats()
    move_clock(to=start_of_day(FIRST + 2 * DAY) + timedelta(hours=2))
    before = read_rows(measure="tickets")
    named = {f"word{number:02}": 1 for number in range(20)}
    assert before["tickets", None, FIRST + DAY]["open_by_priority"] == named
    assert before["tickets", None, FIRST + 2 * DAY]["open_by_priority"] == named | {"other": 10}
    refresh_daily_stats()
    assert read_rows(measure="tickets") == before


@pytest.mark.parametrize(
    ("first", "last", "field"), [(LAST + DAY, LAST + 2 * DAY, "to"), (LAST, FIRST, "from"), (LAST + DAY, None, "from")]
)
def test_days_that_run_backward_or_into_the_future_are_refused(first, last, field, move_clock):
    move_clock(to=start_of_day(LAST))
    with pytest.raises(InvalidInput) as refusal:
        refresh_daily_stats(first=first, last=last)
    assert refusal.value.details[0].field == field


def test_where_nothing_has_happened_there_are_no_figures():
    assert advance_daily_stats() == refresh_daily_stats() == RefreshResult()


def test_reporters_see_none():
    DailyStat.objects.create(day=FIRST, measure="issues", figures={}, refreshed_at=clock.now())
    assert visible_daily_stats(Actor.of_user(make_user())).count() == 1
    assert visible_daily_stats(Actor.of_user(make_user("reporter"))).count() == 0


@pytest.mark.bulk
@pytest.mark.parametrize("seed", range(20, 30))
def test_more_worlds_come_to_the_same_either_way(seed, move_clock):
    test_day_by_day_and_all_at_once_come_to_the_same(seed, move_clock)
    DailyStat.objects.all().delete()


def analyse():
    """What autovacuum does, which sees nothing of a transaction that is open."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE incidents_ticketevent, incidents_ticket, incidents_clock, incidents_alert")


@pytest.mark.bulk
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_400_days_with_an_outage_have_400_rows_each(zone, settings, move_clock):
    """Over both changes of the clocks, the end of a year, 29 February, and 36 hours in which nothing ran."""
    settings.SITE_TIMEZONE = zone
    world, first = World(400), date(2023, 9, 1)
    last = first + timedelta(days=399)
    down_at = start_of_day(date(2024, 2, 28)) + timedelta(hours=15)
    up_at = down_at + timedelta(hours=36)
    with clock.moved(to=start_of_day(first)):
        for project in world.projects:
            make_issue(project=project, number=1_000_000 + project.pk)
    moment = start_of_day(first)
    while moment < start_of_day(last + DAY):
        # As beat would ring, if not quite as often.
        after = min(moment + timedelta(hours=12), start_of_day(last + DAY) - timedelta(seconds=1))
        world.live(moment, after, 2)
        with clock.moved(to=after):
            if not down_at <= after < up_at:
                advance_daily_stats()
                if after == start_of_day(day_of(after)):
                    refresh_daily_stats()
                if day_of(after).day == 1:
                    analyse()
        moment = after if after == moment + timedelta(hours=12) else start_of_day(last + DAY)
    issues = DailyStat.objects.filter(measure="issues").order_by().values("project")
    assert set(issues.annotate(rows=Count("id"), days=Count("day", distinct=True)).values_list("rows", "days")) == {
        (400, 400)
    }
    runs = DailyStat.objects.order_by().values("project", "measure")
    for run in runs.annotate(rows=Count("id"), first=Min("day"), last=Max("day")):
        assert (run["rows"], run["last"]) == ((last - run["first"]).days + 1, last)
    move_clock(to=start_of_day(last + DAY) - timedelta(seconds=1))
    before = read_rows(measure__in=("issues", "incidents", "tickets"))
    # A change of priority judges promises of days before anew, which only the night sees.
    refresh_daily_stats()
    assert read_rows(measure__in=("issues", "incidents", "tickets")) == before
    assert_right(last)
