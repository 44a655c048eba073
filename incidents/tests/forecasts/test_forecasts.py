"""Open tickets are told how likely they break a promise: counted from like ones, of as many, kept up by a sweep."""

import math
import random
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from incidents.models import Clock, ForecastCurve, Ticket, TicketForecast
from incidents.services.forecast_curves import back_test, count_cases, learn_curves
from incidents.services.forecasts import forecast_ticket, refresh_forecasts
from incidents.services.tickets import change_ticket
from incidents.sweeps import forecast
from incidents.testing.factories import make_clock, make_ticket
from incidents.testing.past_promises import Past, make_past
from incidents.testing.ticket_events import SYSTEM, at, ingest, make_event
from tracker import clock
from tracker.models import SweepHeartbeat

pytestmark = pytest.mark.django_db


def make_open(used_minutes, *, target_minutes=100, **fields):
    """An open ticket whose resolution has used so much of its target."""
    began_at = clock.now() - timedelta(minutes=used_minutes)
    due_at = began_at + timedelta(minutes=target_minutes)
    ticket = make_ticket(created_at=began_at, due_at=due_at, **fields)
    make_clock(ticket, target_minutes=target_minutes, started_at=began_at, anchor_at=began_at, due_at=due_at)
    return ticket


def told(ticket):
    return TicketForecast.objects.filter(ticket=ticket).values_list("breached", "cases", "likeness").first()


def test_a_forecast_counts_those_that_were_still_open_when_as_much_was_used():
    make_past([Past(10)] * 30 + [Past(50)] * 20 + [Past(150)] * 10)
    fresh, half, late = make_open(1), make_open(50.5), make_open(80)
    assert refresh_forecasts() == 3
    assert told(fresh) == (10, 60, "tier")
    assert told(half) == (10, 30, "tier")
    assert told(late) == (10, 10, "all")
    assert TicketForecast.objects.get(ticket=half).chance == pytest.approx(1 / 3)
    assert TicketForecast.objects.get(ticket=late).chance is None


def test_a_clock_that_is_late_and_still_runs_counts_as_breached_from_its_deadline_on():
    make_past([Past(10)] * 30)
    for _ in range(10):
        make_open(500)
    (curve, *_) = count_cases(until=clock.now())
    assert (curve.breached, curve.still_open[0]) == (10, 40)


def test_what_was_decided_before_the_window_or_is_void_does_not_count():
    long_ago = clock.now() - timedelta(days=181)
    make_past([Past(10, stopped_at=long_ago)] * 30 + [Past(150, stopped_at=long_ago)] * 30)
    make_past([Past(10)] * 20)
    make_past([Past(10)] * 20)
    Clock.objects.filter(pk__in=Clock.objects.order_by("-pk").values("pk")[:20]).update(state="void", verdict=None)
    assert {(curve.breached, curve.still_open[0]) for curve in count_cases(until=clock.now())} == {(0, 20)}


def test_where_a_month_holds_enough_nothing_older_counts(monkeypatch):
    monkeypatch.setattr("incidents.services.forecast_curves.ENOUGH", 25)
    make_past([Past(150, stopped_at=clock.now() - timedelta(days=40))] * 30 + [Past(10)] * 24)
    assert {(curve.breached, curve.days) for curve in count_cases(until=clock.now())} == {(30, 90)}
    make_past([Past(10)])
    assert {(curve.breached, curve.days) for curve in count_cases(until=clock.now())} == {(0, 30)}


def test_nothing_is_said_of_promises_that_are_broken_already_or_of_closed_tickets():
    make_past([Past(10)] * 30)
    broken, closed = make_open(120), make_open(10)
    forecasts = refresh_forecasts()
    assert (forecasts, told(broken), told(closed)) == (1, None, (1, 31, "tier"))
    Ticket.objects.filter(pk=closed.pk).update(is_open=False)
    assert refresh_forecasts() == 0
    assert not TicketForecast.objects.exists()
    assert list(forecast_ticket(Ticket.objects.get(pk=closed.pk))) == []


def test_a_ticket_is_known_by_its_likeliest_promise_and_a_pause_holds_it_still(move_clock):
    move_clock(to=at(40))
    make_past([Past(50)] * 20 + [Past(150)] * 20)
    ingest(make_event(status="waiting", minutes=20))
    refresh_forecasts()
    row = TicketForecast.objects.get()
    # The response has no like cases, so the resolution speaks for the ticket: 20 of its 180 minutes are used.
    assert (row.kind, row.step, row.chance) == ("resolution", 5, 0.5)
    move_clock(to=at(400))
    refresh_forecasts()
    assert TicketForecast.objects.get().step == 5
    ticket = Ticket.objects.get(external_id="T-1")
    change_ticket(actor=SYSTEM, ticket=ticket, status="active")
    move_clock(to=at(400 + 81))
    refresh_forecasts()
    assert TicketForecast.objects.get().step == 28
    (clock_of_ticket, chance) = next(iter(forecast_ticket(Ticket.objects.get(pk=ticket.pk))))
    assert (clock_of_ticket.kind, chance.probability) == ("resolution", 1.0)


def test_the_sweep_learns_once_an_hour_and_writes_only_what_says_something_else(move_clock):
    make_past([Past(10)] * 30)
    make_open(1, target_minutes=100_000)
    assert forecast() == 1
    learned_at = ForecastCurve.objects.latest("learned_at").learned_at
    said_at = TicketForecast.objects.get().changed_at
    move_clock(by=timedelta(minutes=59))
    forecast()
    assert ForecastCurve.objects.latest("learned_at").learned_at == learned_at
    move_clock(by=timedelta(minutes=61))
    forecast()
    assert ForecastCurve.objects.latest("learned_at").learned_at > learned_at
    assert TicketForecast.objects.get().changed_at == said_at
    assert SweepHeartbeat.objects.get(name="forecast").last_error == ""


def test_priorities_that_senders_invent_do_not_fill_the_table(monkeypatch):
    make_past(Past(10, priority=f"invented {n}") for n in range(50))
    assert learn_curves() == 1
    monkeypatch.setattr("incidents.services.forecast_curves.MOST_CURVES", 2)
    make_past([Past(10)] * 30 + [Past(10, tier="silver")] * 30)
    assert learn_curves() == 2
    assert not ForecastCurve.objects.exclude(tier="").exists()


def test_forecasts_of_a_simulated_year_are_as_often_right_as_they_say():
    """Tickets are resolved at random after 80 minutes on average, low ones after 40; what is true can be computed."""
    chance = random.Random(7)
    now, learned_at = clock.now(), clock.now() - timedelta(days=90)
    means = {"high": 80, "low": 40}
    cases = []
    for _ in range(3_000):
        priority = chance.choice(list(means))
        ended_at = now - timedelta(days=chance.uniform(0.1, 240))
        cases.append(Past(chance.expovariate(1 / means[priority]), priority, stopped_at=ended_at))
    make_past(cases)
    for curve in count_cases(until=learned_at):
        if not curve.priority:
            continue
        for step in (0, 25):
            told = curve.breached / curve.still_open[step]
            assert told == pytest.approx(math.exp(-(100 - step * 2) / means[curve.priority]), abs=0.1)
    result = back_test(first=learned_at, last=now)
    assert sum(row.asked for row in result.trials) > 5_000
    for row in result.trials:
        assert row.observed == pytest.approx(row.forecast, abs=0.1)
    assert result.score < 0.8 * result.plain_score
    answer = StringIO()
    call_command("backtest_forecasts", stdout=answer)
    assert f"Score {result.score:.4f}" in answer.getvalue()
