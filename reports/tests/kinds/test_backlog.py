"""The backlog over time: the same as the daily figures say, but as it was known at a moment."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from incidents.models import Issue
from reports.kinds.backlog import BACKLOG, FLOWS, present_backlog
from reports.kinds.periods import Period
from reports.kinds.trends import list_counted
from reports.models import DailyStat
from reports.services.daily_stats import refresh_daily_stats
from reports.services.digests import spell_json
from reports.testing.asking import ask_kind
from reports.tests.daily.worlds import World
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput
from tracker.models import Project
from tracker.site_time import DAY, days_between, start_of_day
from tracker.testing.factories import ApiClient, make_access_token, make_user, session_client

pytestmark = pytest.mark.django_db
# In this zone the midnight of 1 November comes twice.
FIRST, MIDDLE, LAST = date(2026, 10, 28), date(2026, 11, 2), date(2026, 11, 5)
EVENING = timedelta(hours=20)


@pytest.fixture(autouse=True)
def _in_havana(settings):
    settings.SITE_TIMEZONE = "America/Havana"


def ask(about, *, as_of, **parameters):
    days = {"from": FIRST.isoformat(), "to": LAST.isoformat()}
    return ask_kind(BACKLOG, as_of=as_of, about=about, **{**days, **parameters})


def live(seed, first, last, steps):
    world = World(seed)
    world.live(start_of_day(first), start_of_day(last), steps)
    return world


def tell_daily(about, project=None):
    """What the daily figures say, by day."""
    told = {day.isoformat(): Counter() for day in days_between(FIRST, LAST)}
    rows = DailyStat.objects.filter(measure=about, **({"project": project} if project else {}))
    for row in rows:
        told[row.day.isoformat()].update({name: row.figures[name] for name in ("open", *FLOWS)})
        told[row.day.isoformat()].update(row.figures["open_by_status"])
    return told


@pytest.mark.parametrize("about", ["issues", "incidents", "tickets"])
def test_it_is_what_the_daily_figures_say(about, move_clock):
    live(11, FIRST, LAST, 60)
    as_of = start_of_day(LAST) + EVENING
    move_clock(to=as_of)
    refresh_daily_stats()
    for project in (None, *Project.objects.all()):
        result = ask(about, as_of=as_of, project=project.key if project else "")
        told = tell_daily(about, project)
        assert [row["from"] for row in result["rows"]] == list(told)
        before = result["before"]["open"]
        assert before == 0
        for row in result["rows"]:
            daily = told[row["from"]]
            flows = FLOWS if project else ("opened", "reopened", "closed")
            assert {name: row[name] for name in ("open", *flows)} == {name: daily[name] for name in ("open", *flows)}
            assert dict(zip(result["statuses"], row["statuses"], strict=True)) == {
                status: daily[status] for status in result["statuses"]
            }
            assert sum(row["labels"]) == row["open"]
            assert (
                row["open"]
                == before + row["opened"] + row["reopened"] + row["moved_in"] - row["closed"] - row["moved_out"]
            )
            before = row["open"]
        assert sum(map(sum, result["cells"])) == before


@pytest.mark.parametrize("about", ["issues", "incidents", "tickets"])
def test_nothing_that_happens_later_changes_what_is_said_of_a_moment(about, move_clock):
    world = live(12, FIRST, MIDDLE, 40)
    as_of = start_of_day(MIDDLE) - timedelta(hours=1)
    move_clock(to=start_of_day(MIDDLE))
    projects = ["", *Project.objects.values_list("key", flat=True)[:1]]
    first = (FIRST + 2 * DAY).isoformat()
    kept = [spell_json(ask(about, as_of=as_of, project=key, **{"from": first})) for key in projects]
    world.live(start_of_day(MIDDLE), start_of_day(LAST), 40)
    move_clock(to=start_of_day(LAST) + EVENING)
    assert [spell_json(ask(about, as_of=as_of, project=key, **{"from": first})) for key in projects] == kept
    assert spell_json(ask(about, as_of=clock.now(), **{"from": first})) != kept[0]


def test_figures_of_issues_lead_to_them_as_they_were(move_clock):
    world = live(13, FIRST, MIDDLE, 50)
    as_of = start_of_day(MIDDLE) - timedelta(hours=1)
    world.live(start_of_day(MIDDLE), start_of_day(LAST), 20)
    move_clock(to=start_of_day(LAST) + EVENING)
    shown = present_backlog(ask("issues", as_of=as_of, to=None), {})
    maintainer = make_user()
    page, api = session_client(maintainer), ApiClient(bearer=make_access_token(maintainer))
    over_time, at_the_end = shown.tables
    led: list[Any] = [(row.cells[3], row.drill) for row in over_time.rows if row.cells[3]]
    led += [(row.cells[2], row.drill) for row in at_the_end.rows]
    assert len(led) > 5
    for count, drill in led:
        assert api.get(drill.api).json()["count"] == count, drill.api
        assert len(page.get(drill.admin).context["cl"].result_list) == count, drill.admin


def test_tickets_lead_to_those_that_were_made_then(move_clock):
    live(14, FIRST, LAST, 40)
    move_clock(to=start_of_day(LAST) + EVENING)
    shown = present_backlog(ask("tickets", as_of=clock.now()), {})
    api = ApiClient(bearer=make_access_token(make_user()))
    led = [(row.cells[3], row.drill) for row in shown.tables[0].rows if row.drill]
    assert led
    for count, drill in led:
        assert api.get(drill.api).json()["count"] == count, drill.api


def test_a_reporter_is_told_of_their_own_alone(move_clock):
    live(15, FIRST, LAST, 30)
    move_clock(to=start_of_day(LAST) + EVENING)
    somebody = make_user(Role.REPORTER)
    reporter = Actor.of_user(somebody)
    assert ask("issues", as_of=clock.now(), actor=reporter)["rows"][-1]["open"] == 0
    Issue.objects.filter(pk=Issue.objects.exclude(status="DONE").latest("pk").pk).update(reporter=somebody)
    assert ask("issues", as_of=clock.now(), actor=reporter)["rows"][-1]["open"] == 1
    with pytest.raises(InvalidInput, match="parameters"):
        ask("tickets", as_of=clock.now(), actor=reporter)


def _period_of(first: date, last: date) -> Period:
    return Period(first, last, start_of_day(first), start_of_day(last + DAY))


def test_long_periods_are_told_by_week_and_by_month():
    word, weeks = list_counted(_period_of(date(2026, 1, 1), date(2026, 6, 30)))
    assert (word, len(weeks)) == ("week", 27)
    assert [str(weeks[0].last), str(weeks[1].first), str(weeks[-1].last)] == ["2026-01-04", "2026-01-05", "2026-06-30"]
    word, months = list_counted(_period_of(date(2020, 11, 15), date(2026, 6, 3)))
    assert (word, len(months)) == ("month", 68)
    assert [str(months[1].first), str(months[1].last), str(months[-1].first)] == [
        "2020-12-01",
        "2020-12-31",
        "2026-06-01",
    ]
    assert all(after.first == before.last + DAY for before, after in pairwise(months))


def test_of_nothing_the_backlog_is_nothing():
    result = ask("issues", as_of=start_of_day(FIRST) - DAY)
    assert (result["rows"], result["before"]["open"]) == ([], 0)
    assert present_backlog(result, {}).charts == []
