"""RabbitMQ as the broker: rings go through it, its health is told, and without it alerts go out all the same."""

from contextlib import ExitStack

import pytest

from incidents.testing.chaos.expectations import Channel
from incidents.testing.chaos.world import World
from tracker.testing import rabbitmq
from tracker.testing.chaos.installation import Installation
from tracker.testing.containers import read_composition, read_example
from tracker.testing.web_servers import WebServer

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not rabbitmq.is_installed(), reason=rabbitmq.WHY_SKIPPED),
]


def test_alerts_go_out_by_rings_through_rabbitmq_and_by_the_safety_net_without_it(recorder):
    with ExitStack() as stack:
        broker = stack.enter_context(ExitStack())
        server = broker.enter_context(rabbitmq.run_rabbitmq())
        check = read_composition(read_example())["services"]["rabbitmq"]["healthcheck"]["test"][1:]
        assert server.run(*check) == 0
        settings = {"CELERY_BROKER_URL": server.url, "SCHEDULER_INTERVAL_MINUTES": "0.05", "LOG_LEVEL": "WARNING"}
        installation = stack.enter_context(Installation(**settings))
        world = World(installation, recorder, seed=7, channels=(Channel("everything"),))
        # Without its rows no safety net looks after the sweeps: what happens, happens because somebody rang.
        installation.query("UPDATE django_celery_beat_periodictask SET enabled = false RETURNING 1")
        installation.start("web", "worker")
        web = WebServer(installation.port, installation.programs["web"])
        sender = world.sender()
        sender.post_until_taken([e for ticket in world.plan(20) for e in ticket.events()])
        world.wait_until_all_is_told()
        assert web.request("GET", "/healthz").json["checks"]["broker"] == "ok"

        installation.query("UPDATE django_celery_beat_periodictask SET enabled = true RETURNING 1")
        broker.close()
        assert server.run(*check) != 0
        sender.post_until_taken([e for ticket in world.plan(5, "gone") for e in ticket.events()])
        world.wait_until_all_is_told()
        answer = web.request("GET", "/healthz")
        assert answer.json["checks"]["broker"] == "degraded"
        assert b"127.0.0.1" not in answer.body
        world.check()
