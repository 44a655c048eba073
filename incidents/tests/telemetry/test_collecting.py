"""Real processes tell their errors and traces to collectors that speak the true protocols."""

import json
import subprocess
import sys

import pytest
from django.db import connection

from incidents.choices import ChannelKind
from incidents.models import Delivery
from incidents.testing.factories import make_channel
from incidents.testing.receiver import RunningReceiver
from tracker.celery import app
from tracker.choices import Role
from tracker.testing.collectors import run_collector
from tracker.testing.factories import make_access_token, make_user
from tracker.testing.processes import ChildProcess
from tracker.testing.services import CHECKOUT, make_child_environment
from tracker.testing.web_servers import run_web_server

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
WORKER = ("celery", "-A", "tracker", "-q", "worker", "-c", "1", "--without-gossip", "--without-mingle", "-l", "INFO")
# Valkey's client loads a part of OpenTelemetry by itself, where it finds it.
COLLECTING = ("sentry_sdk", "opentelemetry.sdk.trace", "opentelemetry.exporter", "tracker.telemetry.traces")
STRANGERS = f"00-{'ab' * 16}-{'cd' * 8}-01"
LOADED = """
import json, sys, django
django.setup()
print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))
"""


@pytest.fixture(scope="module")
def collector():
    with run_collector() as collector:
        yield collector


@pytest.fixture
def servers(collector):
    """A web and a worker that tell the collector of errors and traces."""
    told = {
        "SENTRY_DSN": collector.dsn,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    worker = ChildProcess([sys.executable, "-m", *WORKER], OTEL_SERVICE_NAME="tracker-worker", **told)
    try:
        worker.wait_for("ready", seconds=60)
        with run_web_server(OTEL_SERVICE_NAME="tracker-web", **told) as web:
            yield web, worker
    finally:
        worker.kill()


def test_a_request_its_task_and_its_delivery_are_one_trace_and_errors_name_nobody(servers, collector):
    web, worker = servers
    admin = make_user(Role.ADMIN, email="jane.roe@example.com", full_name="Jane Roe")
    headers = {"Authorization": f"Bearer {make_access_token(admin)}", "X-Request-ID": "followed-1"}
    with RunningReceiver() as receiver:
        channel = make_channel(kind=ChannelKind.WEBHOOK, url=receiver.url("/webhook/ok"), secret="s" * 32)
        answer = web.request("POST", f"/v1/channels/{channel.pk}/test?", headers=headers | {"traceparent": STRANGERS})
        assert answer.status < 300, answer.body
        worker.wait_until(lambda: _find(collector, "deliver webhook"), what="span of the delivery", seconds=30)
        worker.wait_until(lambda: _find(collector, "run incidents.sweeps.deliver"), what="span of the task", seconds=30)
        assert not {"traceparent", "baggage"} & set(receiver.requests[0].headers)
    (service, request), (other, delivery) = _find(collector, "POST "), _find(collector, "deliver webhook")
    _, task = _find(collector, "run incidents.sweeps.deliver")
    assert (service, other) == ("tracker-web", "tracker-worker")
    assert request.trace_id == task.trace_id == delivery.trace_id
    assert delivery.parent_span_id == task.parent_span_id == request.span_id
    assert request.links[0].trace_id.hex() == STRANGERS.split("-")[1]
    assert _attributes(request)["tracker.request_id"] == "followed-1"
    assert _attributes(delivery)["tracker.outcome"] == "sent"
    assert Delivery.objects.get().traceparent.split("-")[1] == request.trace_id.hex()

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracker_project RENAME TO tracker_gone")
    try:
        path = "/v1/projects?search=jane.roe%40example.com"
        assert web.request("GET", path, headers=headers | {"X-Request-ID": "failed-1"}).status == 500
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tracker_gone RENAME TO tracker_project")
    app.send_task("incidents.sweeps.deliver", args=["jane.roe@example.com"])
    worker.wait_until(lambda: len(collector.events()) >= 2, what="two errors", seconds=30)
    errors = {event["exception"]["values"][-1]["type"]: event for event in collector.events()}
    assert errors["ProgrammingError"]["tags"]["request_id"] == "failed-1"
    assert errors["ProgrammingError"]["release"].startswith("tracker@")
    assert "TypeError" in errors
    told = collector.text()
    for secret in ("jane", "Jane Roe", headers["Authorization"].split()[1], receiver.url("")[7:], "127.0.0.1"):
        assert secret not in told


def test_what_is_not_configured_is_not_loaded():
    answer = subprocess.run(
        [sys.executable, "-c", LOADED, *COLLECTING],
        env=make_child_environment(),
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    assert json.loads(answer.stdout.splitlines()[-1]) == []


def _find(collector, name):
    return next(((service, span) for service, span in collector.spans() if span.name.startswith(name)), None)


def _attributes(span):
    return {one.key: one.value.string_value for one in span.attributes}
