"""/v1/issues/export: the list as CSV, row by row, without anything that a spreadsheet would calculate."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.testing.factories import make_issue
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db
EXPORT = "/v1/issues/export"


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_export_says_what_the_list_says():
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    issue = make_issue(title="Lamp, broken", tags=["b", "a c"], created_at=at, description="Two\nlines")
    answer = token_client("read").get(f"{EXPORT}?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="issues.csv"'
    assert answer["Cache-Control"] == "no-store, private"
    (row,) = rows_of(answer)
    assert (row["key"], row["title"], row["tags"]) == (issue.key, "Lamp, broken", "a c, b")
    assert (row["created_at"], row["due_on"], row["description"]) == ("2026-01-02T03:04:05Z", "", "Two\nlines")


@pytest.mark.parametrize("title", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\uff1dcmd", "-5"])
def test_no_cell_starts_live(title):
    make_issue(title=title, description=f"\t{title}")
    (row,) = rows_of(token_client("read").get(EXPORT))
    assert row["title"] == (title if title in ("-5", "+1") else f"'{title}")
    assert row["description"].startswith("'")


def test_the_same_questions_as_of_the_list_and_no_others():
    make_issue(title="Lamp", severity="high")
    make_issue(title="Door")
    client = token_client("read")
    assert [row["title"] for row in rows_of(client.get(f"{EXPORT}?severity=high&search=lam"))] == ["Lamp"]
    assert [row["title"] for row in rows_of(client.get(f"{EXPORT}?ordering=id"))] == ["Lamp", "Door"]
    for query in ("limit=5", "format=xlsx", "severity=bad", "ordering=title", "include=html"):
        assert client.get(f"{EXPORT}?{query}").status_code == 400


def test_people_export_what_they_may_list():
    reporter = make_user(Role.REPORTER)
    own = make_issue(reporter=reporter, project=make_project(members=[reporter]), number=1)
    make_issue(project=own.project, number=2)
    assert [row["key"] for row in rows_of(jwt_client(reporter).get(EXPORT))] == [own.key]
    assert token_client("issues", "stream").get(EXPORT).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_reader_who_goes_away_leaves_a_connection_that_works():
    for _ in range(3):
        make_issue(description="x" * 100_000)
    answer = token_client("read").get(EXPORT)
    next(iter(answer.streaming_content))
    answer.close()
    assert len(rows_of(token_client("read").get(EXPORT))) == 3


def test_however_many_rows_there_are_the_queries_are_few():
    client = token_client("read")
    for _ in range(5):
        make_issue(tags=["a"])
    with CaptureQueriesContext(connection) as queries:
        assert len(rows_of(client.get(EXPORT))) == 5
    assert len(queries) <= 5
