"""/health and /healthz tell the truth of the rows, in words that give nothing away."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from tracker import clock, health, heartbeats, schedules
from tracker.access import Actor
from tracker.models import SweepHeartbeat
from tracker.services.partitions import create_partitions
from tracker.services.schedules import sync_schedules
from tracker.testing.web_servers import run_web_server

pytestmark = pytest.mark.django_db(transaction=True)
ALL = {
    "database", "broker", "worker", "beat", "sweep_lag", "deliveries", "sla_config", "disk", "backup", "audit",
    "partitions",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_remembered_answer(monkeypatch):
    monkeypatch.setattr(health, "REPORT_IS_FRESH_SECONDS", -1.0)


@pytest.fixture
def _all_well():
    sync_schedules(Actor.system("test"))
    create_partitions(actor=Actor.system("test"))
    names = {default.sweep for default in schedules.default_schedules().values() if default.is_vital}
    for name in (heartbeats.BEAT, heartbeats.WORKER, heartbeats.SAFETY_NET, *names):
        heartbeats.beat_once(name)


def _ask():
    answer = Client().get("/healthz")
    return answer.status_code, answer.json()


def _age(name, **by):
    SweepHeartbeat.objects.filter(name=name).update(finished_at=clock.now() - timedelta(**by))


@pytest.mark.usefixtures("_all_well")
def test_all_is_well():
    status, report = _ask()
    assert (status, report["status"]) == (200, "ok")
    assert set(report["checks"]) == ALL
    assert set(report["checks"].values()) == {"ok"}


def test_a_fresh_database_without_any_sign_of_life_is_not_well():
    status, report = _ask()
    assert (status, report["status"]) == (503, "failed")
    assert report["checks"]["database"] == "ok"
    assert report["checks"]["worker"] == report["checks"]["beat"] == "failed"


@pytest.mark.usefixtures("_all_well")
def test_a_silent_beat_shows_within_two_intervals(move_clock):
    _age(heartbeats.BEAT, seconds=31)
    status, report = _ask()
    assert (status, report["checks"]["beat"]) == (503, "failed")


@pytest.mark.usefixtures("_all_well")
def test_a_worker_that_only_its_safety_net_keeps_going_is_degraded():
    _age(heartbeats.WORKER, minutes=5)
    assert _ask()[1]["checks"]["worker"] == "degraded"
    _age(heartbeats.SAFETY_NET, minutes=5)
    status, report = _ask()
    assert (status, report["checks"]["worker"]) == (503, "failed")


@pytest.mark.usefixtures("_all_well")
def test_a_sweep_that_lags_fails_one_that_is_switched_off_or_erring_degrades():
    _age("deliver", seconds=25)
    assert _ask()[1]["checks"]["sweep_lag"] == "failed"
    PeriodicTask.objects.filter(name="deliver").update(enabled=False)
    assert _ask()[1]["checks"]["sweep_lag"] == "degraded"
    PeriodicTask.objects.filter(name="deliver").update(enabled=True)
    heartbeats.beat_once("deliver")
    SweepHeartbeat.objects.filter(name="deliver").update(last_error="ValueError: secret text")
    status, report = _ask()
    assert (status, report["checks"]["sweep_lag"]) == (200, "degraded")
    assert "secret" not in str(report)


@pytest.mark.attack
@pytest.mark.usefixtures("_all_well")
def test_a_broken_probe_says_one_word_and_a_hanging_one_does_not_hold_the_answer(monkeypatch):
    def explode():
        raise RuntimeError("host db-7.internal refused")

    checks = [
        health.Check("exploding", explode, is_vital=False),
        health.Check("hanging", lambda: time.sleep(4) or health.Grade.OK, is_vital=True),
    ]
    monkeypatch.setattr(health, "_checks", {check.name: check for check in checks})
    started = time.monotonic()
    status, report = _ask()
    assert time.monotonic() - started < 3
    assert (status, report["checks"]) == (503, {"exploding": "degraded", "hanging": "failed"})


def test_health_is_about_the_database_alone():
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {"database": "ok"}})
    assert "no-store" in answer.headers["Cache-Control"]
    assert Client().post("/health").status_code == 405


@pytest.mark.chaos
@pytest.mark.usefixtures("_all_well")
def test_without_its_broker_the_web_is_degraded_and_without_its_database_it_says_so():
    with run_web_server(REDIS_URL="redis://127.0.0.1:1/0", CELERY_BROKER_URL="redis://127.0.0.1:1/0") as server:
        for name in (heartbeats.BEAT, heartbeats.WORKER, "sweep_sla", "deliver", "replay_tickets", "mail_people"):
            heartbeats.beat_once(name)
        answer = server.request("GET", "/healthz")
        assert (answer.status, answer.json["checks"]["broker"]) == (200, "degraded")
        assert b"127.0.0.1" not in answer.body
    with run_web_server(DATABASE_URL="postgres://nobody@127.0.0.1:1/none") as server:
        answer = server.request("GET", "/health")
        assert (answer.status, answer.json) == (503, {"status": "failed", "checks": {"database": "failed"}})
        answer = server.request("GET", "/healthz")
        assert answer.status == 503
        assert set(answer.json["checks"].values()) <= {"failed", "degraded", "ok"}
        assert b"nobody" not in answer.body
