"""PostgreSQL or the web dies in mid-batch, while a sender sends: every batch is there as a whole or not at all."""

import threading

import psycopg
import pytest

pytestmark = pytest.mark.chaos
BATCH, ROUNDS = 100, 2


def events_of(tickets):
    return [event for ticket in tickets for event in ticket.events()]


def stored(world, tickets):
    """How many of these tickets the database has."""
    names = [ticket.id for ticket in tickets]
    return world.installation.query("SELECT count(*) FROM incidents_ticket WHERE external_id = ANY(%s)", names)[0][0]


def send_and_strike(world, sender, tickets, strike):
    """One try of a batch, struck when its tickets are written and its clocks wait for a lock that we hold."""
    answers = []
    sending = threading.Thread(target=lambda: answers.append(sender.post(events_of(tickets))))
    holder = psycopg.connect(world.installation.postgres.url(world.installation.database))
    holder.execute("LOCK TABLE incidents_clock IN SHARE MODE")
    sending.start()
    assert world.wait_for_statement("COPY%incidents_clock%"), "the batch did not come that far"
    strike()
    holder.close()
    sending.join()
    return answers[0]


def test_postgres_dies_in_mid_batch_and_the_web_says_503(make_world):
    world = make_world()
    installation = world.installation
    installation.start("web", "worker", "beat")
    sender = world.sender()
    sender.post_until_taken(events_of(world.plan(BATCH, "first")))
    world.wait_until(lambda: bool(world.recorder.arrivals), what="first message")
    before = installation.members("web")

    for number in range(ROUNDS):
        tickets = world.plan(BATCH, f"batch{number}")
        away = world.random.uniform(0, 2)
        answer = send_and_strike(
            world, sender, tickets, lambda away=away: installation.crash_postgres(seconds_away=away)
        )
        world.note_in_flight()
        assert stored(world, tickets) in ({BATCH} if answer.status == 200 else {0, BATCH}), "half a batch"
        sender.post_until_taken(events_of(tickets))

    refused = [answer for answer in sender.answers if answer.status != 200]
    assert refused, "no request was struck"
    assert [answer for answer in refused if answer.status != 503 or not answer.retry_after] == []
    assert installation.members("web") == before, "a process of the web ended"
    ended = [name for name, program in installation.programs.items() if not program.is_running()]
    # A beat that lost its lead ends by itself (exit code 70), for its supervisor to start it afresh.
    assert set(ended) <= {"beat"}
    for name in ended:
        installation.kill(name)
    installation.start(*ended)
    world.wait_until_all_is_told()
    world.check()


def test_the_web_dies_in_mid_batch(make_world):
    world = make_world()
    installation = world.installation
    installation.start("web", "worker", "beat")
    sender = world.sender()
    for number in range(3):
        tickets = world.plan(BATCH, f"batch{number}")
        send_and_strike(world, sender, tickets, lambda: installation.kill("web"))
        assert stored(world, tickets) in {0, BATCH}, "half a batch"
        if not installation.programs["web"].is_running():
            installation.start("web")
        sender.post_until_taken(events_of(tickets))
    assert 0 in sender.statuses(), "no request was struck"
    world.wait_until_all_is_told()
    world.check()
