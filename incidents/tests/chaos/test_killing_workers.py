"""Workers die in the middle of everything, by SIGKILL: only latency changes."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from incidents.testing.chaos.expectations import Channel, PlannedTicket

pytestmark = pytest.mark.chaos


def test_all_workers_die_in_mid_sweep_and_in_mid_delivery(make_world):
    world = make_world()
    installation = world.installation
    installation.start("web")
    world.sender().post_until_taken([event for ticket in world.plan(1000) for event in ticket.events()])
    world.recorder.delay_seconds = 0.3

    installation.start("worker", "beat")
    assert world.wait_for_statement("%crossed AS MATERIALIZED%")
    installation.kill("worker")
    time.sleep(0.5)
    world.note_in_flight()

    installation.start("worker")
    world.wait_until(lambda: len(world.recorder.arrivals) >= 3, what="first deliveries")
    time.sleep(0.1)
    installation.kill("worker")
    time.sleep(0.5)
    assert world.note_in_flight(), "nothing was in flight"

    installation.start("worker")
    world.wait_until_all_is_told()
    world.check()


def test_a_worker_that_dies_between_the_receivers_yes_and_our_commit_sends_once_more_under_the_same_key(make_world):
    world = make_world(channels=[Channel("everything")])
    installation = world.installation
    installation.start("web")
    # Nine tenths of the time to respond: one alert and no other for the next minutes.
    ticket = PlannedTicket("T-1", "gold", "low", datetime.now(UTC) - timedelta(minutes=108))
    world.tickets.append(ticket)
    world.sender().post_until_taken(ticket.events())

    def kill_worker(arrival):
        world.recorder.on_answer = None
        signal_group(installation.programs["worker"].pid)

    world.recorder.on_answer = kill_worker
    installation.start("worker", "beat")
    world.wait_until(lambda: not installation.programs["worker"].is_running(), what="death of the worker")
    time.sleep(0.5)
    assert world.note_in_flight() == 1

    installation.start("worker")
    world.wait_until_all_is_told()
    world.check()
    assert world.recorder.extra_messages().total() == 1
    assert installation.query("SELECT status, attempts FROM incidents_delivery") == [("sent", 2)]
    assert len({arrival.key for arrival in world.recorder.arrivals}) == 1


def signal_group(pid):
    os.killpg(pid, signal.SIGKILL)
