"""/v1/incidents/stats and /export, and what /metrics counts: every word, every row, within the caller's rights."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident
from incidents.services.incidents import Origin, delete_incident
from incidents.testing.incident_factories import category_of, make_incident
from tracker import clock, gauges
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db
EXPORT, STATS = "/v1/incidents/export", "/v1/incidents/stats"


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_word_is_counted_within_the_callers_rights(django_assert_max_num_queries):
    reporter = make_user(Role.REPORTER)
    make_incident(actor=Actor.of_user(reporter))
    Incident.objects.update(enrichment="FAILED")
    make_incident(category=category_of("safety"), severity="high")
    Incident.objects.filter(severity="high").update(status="DONE", done_at=clock.now())
    client = token_client("read")
    client.get(STATS)
    with django_assert_max_num_queries(4):
        stats = client.get(STATS).json()
    assert (stats["total_incidents"], stats["open_incidents"]) == (2, 1)
    assert stats["status_breakdown"] == {"OPEN": 1, "TRIAGED": 0, "IN_PROGRESS": 0, "DONE": 1}
    assert stats["severity_breakdown"] == {"low": 0, "medium": 1, "high": 1, "critical": 0}
    assert stats["enrichment_breakdown"] == {"NEW": 1, "ENRICHING": 0, "ENRICHED": 0, "FAILED": 1}
    counts = {"theft": 1, "suspicious": 0, "vandalism": 0, "safety": 1, "outage": 0, "other": 0}
    assert stats["category_breakdown"] == counts
    own = jwt_client(reporter).get(STATS).json()
    assert (own["total_incidents"], own["category_breakdown"]["safety"]) == (1, 0)
    assert client.get(f"{STATS}?colour=red").status_code == 400
    assert token_client("incidents").get(STATS).status_code == 403


def test_the_export_says_what_the_list_says():
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    incident = make_incident(
        title="=1+1", description="Two\nlines", occurred_at=at, latitude=48.5, longitude=-0.25, loss_estimate="12.50",
        origin=Origin(ip="203.0.113.77"),
    )  # fmt: skip
    answer = token_client("read").get(f"{EXPORT}?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="incidents.csv"'
    (row,) = rows_of(answer)
    assert (row["key"], row["title"], row["description"]) == (incident.key, "'=1+1", "Two\nlines")
    assert (row["latitude"], row["longitude"], row["loss_estimate"]) == ("48.5", "-0.25", "12.50")
    assert (row["occurred_at"], row["ip"], row["category"]) == ("2026-01-02T03:04:05Z", "203.0.113.77", "theft")


def test_the_same_questions_as_of_the_list_and_no_others():
    make_incident(title="Lamp", severity="high")
    make_incident(title="Door")
    client = token_client("read")
    assert [row["title"] for row in rows_of(client.get(f"{EXPORT}?severity=high&search=lam"))] == ["Lamp"]
    assert [row["title"] for row in rows_of(client.get(f"{EXPORT}?ordering=id"))] == ["Lamp", "Door"]
    for query in ("limit=5", "format=xlsx", "severity=bad", "ordering=title", "include=html"):
        assert client.get(f"{EXPORT}?{query}").status_code == 400


def test_a_reporter_exports_their_own_and_no_address():
    reporter = make_user(Role.REPORTER)
    own = make_incident(actor=Actor.of_user(reporter))
    Incident.objects.update(assignee=make_user(), ip="203.0.113.77", city="Augsburg")
    make_incident()
    (row,) = rows_of(jwt_client(reporter).get(EXPORT))
    assert row["key"] == own.key
    assert not {"assignee", "ip", "city", "region", "country"} & row.keys()
    assert token_client("incidents").get(EXPORT).status_code == 403


def test_however_many_rows_there_are_the_queries_are_few():
    client = token_client("read")
    for _ in range(5):
        make_incident()
    with CaptureQueriesContext(connection) as queries:
        assert len(rows_of(client.get(EXPORT))) == 5
    assert len(queries) <= 5


def test_metrics_count_what_was_ever_reported(monkeypatch):
    monkeypatch.setattr(gauges, "ANSWERS_ARE_FRESH_SECONDS", -1.0)
    for _ in range(3):
        incident = make_incident()
    delete_incident(actor=Actor.system("test"), incident=incident)
    assert Client().get("/metrics", headers={"Accept": "application/json"}).json()["incidents_created"] == 3
    assert "tracker_incidents_created_total 3.0" in Client().get("/metrics").content.decode()
