"""/metrics is right across processes, tells what the database knows, and is not for everybody."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from tracker import gauges, heartbeats
from tracker.access import Actor
from tracker.choices import ProcessKind
from tracker.models import User
from tracker.processes import Presence
from tracker.services.schedules import sync_schedules
from tracker.services.tokens import issue_token
from tracker.testing.services import CHECKOUT
from tracker.testing.web_servers import run_web_server
from tracker.version import VERSION

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_remembered_figures(monkeypatch):
    monkeypatch.setattr(gauges, "ANSWERS_ARE_FRESH_SECONDS", -1.0)


def _samples(text):
    families = text_string_to_metric_families(text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_figures_are_summed_over_processes_and_probes_are_not_counted():
    with run_web_server("--workers", "2") as server:
        for _ in range(40):
            assert server.request("GET", "/docs").status == 200
        for path in ("/health", "/healthz", "/metrics"):
            server.request("GET", path)
        answers = [server.request("GET", "/metrics", headers={"Accept": "application/json"}).json for _ in range(4)]
        assert {answer["total_requests"] for answer in answers} == {40}
        assert set(answers[0]) == {
            "status",
            "uptime_seconds",
            "total_requests",
            "requests_per_second",
            "incidents_created",
        }
        assert answers[0]["uptime_seconds"] > 0
        assert answers[0]["requests_per_second"] == pytest.approx(40 / answers[0]["uptime_seconds"], rel=0.05)
        samples = _samples(server.request("GET", "/metrics").body.decode())
        labels = (("method", "GET"), ("status", "2xx"), ("view", "docs"))
        assert samples["tracker_request_duration_seconds_count", labels] == 40
        assert samples["tracker_request_duration_seconds_bucket", (("le", "+Inf"), *labels)] == 40


def test_sweeps_and_queues_are_told():
    with heartbeats.run_sweep("sweep_sla") as run:
        run.rows = 12
    answer = Client().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    samples = _samples(answer.content.decode())
    sweep = (("sweep", "sweep_sla"),)
    assert samples["tracker_sweep_rows_total", sweep] == 12
    assert samples["tracker_sweep_runs_total", sweep] == 1
    assert 0 <= samples["tracker_sweep_lag_seconds", sweep] < 5
    assert samples["tracker_sweep_failing", sweep] == 0
    assert samples["tracker_queue_age_seconds", (("queue", "deliveries"),)] == 0
    assert samples["tracker_queue_age_seconds", (("queue", "clocks"),)] == 0
    assert samples["tracker_tickets_created_total", ()] == 0


def test_the_machinery_is_told():
    Presence(ProcessKind.WORKER).show()
    sync_schedules(Actor.system("test"))
    samples = _samples(Client().get("/metrics").content.decode())
    assert samples["tracker_processes", (("kind", "worker"), ("version", VERSION))] == 1
    assert samples["tracker_processes", (("kind", "beat"), ("version", VERSION))] == 0
    assert samples["tracker_sweep_interval_seconds", (("sweep", "sweep_sla"),)] > 0
    assert samples["tracker_broker_up", ()] == 1
    assert samples["tracker_broker_messages", (("queue", "celery"),)] >= 0
    assert samples["tracker_database_size_bytes", ()] > 1_000_000
    assert 0 < samples["tracker_database_connections", ()] < samples["tracker_database_connections_limit", ()]
    disk = (("place", "media"),)
    assert 0 < samples["tracker_disk_free_bytes", disk] < samples["tracker_disk_size_bytes", disk]
    queues = {labels[0][1] for name, labels in samples if name == "tracker_queue_age_seconds"}
    assert {"clocks", "deliveries", "enrichments", "letters", "replays", "reports", "trials"} <= queues


def test_every_figure_is_told_in_the_docs():
    page = (CHECKOUT / "docs" / "monitoring.md").read_text()
    families = text_string_to_metric_families(Client().get("/metrics").content.decode())
    # The library tells of each counter when it was made.
    ours = {one.name.removesuffix("_created") for one in families if one.name.startswith("tracker_")}
    assert len(ours) > 30
    assert {name for name in ours if name not in page} == set()


def test_a_package_that_fails_takes_no_others_figures_along(monkeypatch):
    def explode():
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(gauges, "_collectors", dict(gauges._collectors))
    gauges.register("exploding", explode)
    gauges.register("sweeps", gauges._collectors.pop("sweeps").collect)
    heartbeats.beat_once("sweep_sla")
    assert b"tracker_sweep_runs_total" in Client().get("/metrics").content


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer trk_unknown_secret"},
    ],
)
def test_strangers_do_not_read_it(headers):
    answer = Client().get("/metrics", **headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "permission_denied"
    assert answer.json()["error"]["request_id"] == answer.headers["X-Request-ID"]


def test_a_token_that_reads_and_people_who_run_the_place_do():
    far = {"REMOTE_ADDR": "203.0.113.9"}
    people = {role: User.objects.create_user(f"{role}@example.com", role=role) for role in ("admin", "reporter")}
    for scopes, status in ((["read"], 200), (["ingest"], 403)):
        owner = people["admin"]
        secret = issue_token(actor=Actor.system("test"), owner=owner, name="x", scopes=scopes)[1]
        assert Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {secret}", **far).status_code == status
    for role, status in (("admin", 200), ("reporter", 403)):
        client = Client()
        client.force_login(people[role])
        assert client.get("/metrics", **far).status_code == status


def test_a_big_table_is_counted_by_statistics(monkeypatch):

    User.objects.bulk_create(
        [User(email=f"u{n}@example.com", role=["reporter", "admin"][n % 4 == 0]) for n in range(400)]
    )
    exact = gauges.count_by("tracker_user", "role")
    assert exact == {"reporter": 300, "admin": 100}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tracker_user")
    monkeypatch.setattr(gauges, "EXACT_BELOW_ROWS", 100)
    assert gauges.count_by("tracker_user", "role") == exact
    assert gauges.estimate_rows("tracker_user") == 400


def test_the_json_form_is_answered_when_the_database_is_away(monkeypatch):
    def fail() -> int:
        raise OperationalError("gone")

    monkeypatch.setitem(gauges._totals, "incidents_created", fail)
    answer = Client().get("/metrics", headers={"Accept": "application/json"}).json()
    assert (answer["status"], answer["incidents_created"]) == ("ok", None)
