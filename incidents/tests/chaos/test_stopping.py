"""SIGTERM to everything under load: all end by themselves, and nobody who was let in is turned away."""

import threading
import time

import pytest

pytestmark = pytest.mark.chaos
THREADS = 4


def test_everything_ends_in_order_under_load(make_world):
    world = make_world()
    installation = world.installation
    installation.start("web")
    sender = world.sender()
    sender.post_until_taken([e for ticket in world.plan(500) for e in ticket.events()])
    world.recorder.delay_seconds = 0.2
    installation.start("worker", "beat")
    batches = [world.plan(1, f"load{number}") for number in range(2000)]
    sent, stopping = [], threading.Event()

    def send(part):
        for tickets in part:
            if stopping.is_set():
                return
            answer = sender.post(tickets[0].events())
            sent.append((tickets[0], answer))
            if answer.text == "ConnectionRefusedError":
                return

    threads = [threading.Thread(target=send, args=(batches[number::THREADS],)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    world.wait_until(lambda: len(world.recorder.arrivals) > 3, what="deliveries under load")
    began = time.monotonic()
    codes = installation.terminate_all(seconds=30)
    seconds = time.monotonic() - began
    stopping.set()
    for thread in threads:
        thread.join()

    taken = {ticket.id for ticket, answer in sent if answer.status == 200}
    world.tickets = [t for t in world.tickets if t.id.startswith("T-") or t.id in taken]
    bad = [answer for _, answer in sent if answer.status != 200 and answer.text != "ConnectionRefusedError"]
    assert (codes, bad) == ({"web": 0, "worker": 0, "beat": 0}, []), f"after {seconds:.1f} s"
    installation.programs.clear()
    installation.start("web", "worker", "beat")
    world.wait_until_all_is_told()
    world.check()
