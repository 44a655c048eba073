"""Valkey is wiped, and then gone for a while: events are taken and alerts go out all the same."""

import time

import pytest
from redis import Redis

pytestmark = pytest.mark.chaos
SECONDS_AWAY = 20.0


def test_valkey_is_wiped_and_then_gone(make_world):
    world = make_world()
    installation = world.installation
    installation.start("web", "worker", "beat")
    sender = world.sender()
    for number in range(10):
        sender.post_until_taken([e for ticket in world.plan(20, f"wiped{number}") for e in ticket.events()])
        Redis(unix_socket_path=str(installation.valkey.socket())).flushall()
    world.wait_until_all_is_told()

    processes = installation.members("web")
    installation.valkey.kill()
    gone_at = time.monotonic()
    during = []
    while time.monotonic() - gone_at < SECONDS_AWAY:
        tickets = world.plan(5, f"gone{len(during)}")
        during.append(sender.post([e for ticket in tickets for e in ticket.events()]))
        time.sleep(0.5)
    world.wait_until_all_is_told(seconds=30)
    assert installation.valkey.pid() is None, "it was told only when Valkey was back"
    installation.valkey.start()

    assert {answer.status for answer in during} == {200}
    assert sorted(answer.seconds for answer in during)[-1] <= 1.5, "an event waited for the dead broker"
    assert installation.members("web") == processes
    assert all(program.is_running() for program in installation.programs.values())
    sender.post_until_taken([e for ticket in world.plan(20, "after") for e in ticket.events()])
    world.wait_until_all_is_told()
    world.check()
