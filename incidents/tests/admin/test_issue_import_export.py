"""Issues as CSV in the back office: what goes out comes in again unchanged, and nothing is taken unseen."""

import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents.models import Issue
from incidents.testing.factories import make_issue
from tracker.models import Event, User
from tracker.testing.factories import make_project, make_user
from tracker.testing.real_data import DATA, needs

pytestmark = pytest.mark.django_db
IMPORT, EXPORT, LIST = (f"/admin/incidents/issue/{rest}" for rest in ("import/", "export/", ""))
NASTY = DATA / "nasty" / "made_csv_formula_cells.json"


def export(client: Client, query: str = "") -> bytes:
    answer = client.get(f"{EXPORT}{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content)


def table_of(*rows: dict[str, object], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def look(client: Client, data: bytes):
    return client.post(IMPORT, {"file": SimpleUploadedFile("issues.csv", data)})


def take(client: Client, data: bytes) -> str:
    seen = look(client, data)
    return client.post(IMPORT, {"token": seen.context["token"]}, follow=True).content.decode()


def test_the_export_has_what_the_list_shows_under_its_filters(maintainer_client: Client):
    make_issue(title="One", severity="high", tags=["a", "b"])
    make_issue(title="Two", severity="low")
    rows = list(csv.DictReader(io.StringIO(export(maintainer_client, "?severity=high").decode(), newline="")))
    assert [(row["title"], row["tags"]) for row in rows] == [("One", "a, b")]
    assert f"{EXPORT}?severity=high" in maintainer_client.get(f"{LIST}?severity=high").content.decode()
    assert maintainer_client.get(f"{EXPORT}?password=x").status_code == 400


@needs(NASTY)
def test_a_round_trip_changes_nothing_whatever_the_cells_hold(maintainer_client: Client, maintainer: User):
    cells = [*json.loads(NASTY.read_text()), "'=1+1", "x" * 200_000, 'a;b,"c"\nd']
    for cell in cells:
        text = " ".join(cell.split())[:300] or "-"
        make_issue(title=text, description=cell.strip(), assignee=maintainer, tags=["x"], due_on="2027-01-31")
    data = export(maintainer_client)
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert not [row for row in rows if row["description"][:1] in ("=", "+", "@") or row["title"][:1] in ("=", "@")]
    seen = look(maintainer_client, data)
    assert seen.context["counts"] == {"unchanged": len(cells)}
    assert "token" not in seen.context


def test_rows_with_a_key_change_and_rows_without_are_made_once_confirmed(maintainer_client: Client):
    project, person = make_project(key="OPS"), make_user("maintainer")
    issue = make_issue(title="Old", severity="low", tags=["kept"])
    rows = [
        {"key": issue.key, "title": "New", "severity": "", "project": "", "assignee": person.email, "tags": "kept"},
        {"key": "", "title": "Fresh", "severity": "HIGH", "project": "ops", "assignee": "", "tags": "a, b"},
        {"key": "", "title": "", "severity": "", "project": "", "assignee": "", "tags": ""},
    ]
    seen = look(maintainer_client, table_of(*rows, delimiter=";"))
    assert seen.context["counts"] == {"changed": 1, "new": 1}
    assert not Event.objects.filter(verb__startswith="issue").exists()
    page = maintainer_client.post(IMPORT, {"token": seen.context["token"]}, follow=True).content.decode()
    assert "1 new, 1 changed, 0 unchanged" in page
    issue.refresh_from_db()
    assert (issue.title, issue.severity, issue.assignee) == ("New", "low", person)
    fresh = Issue.objects.get(title="Fresh")
    assert (fresh.key, fresh.severity, fresh.project) == ("OPS-1", "high", project)
    again = maintainer_client.post(IMPORT, {"token": seen.context["token"]}, follow=True).content.decode()
    assert "Choose the file again" in again
    assert Issue.objects.count() == 2


def test_every_bad_cell_is_named_and_nothing_is_taken(maintainer_client: Client):
    issue, reporter = make_issue(), make_user("reporter")
    row = {"key": "", "title": "Good", "priority": "2", "severity": "low", "due_on": "", "assignee": "", "project": ""}
    bad: list[dict[str, object]] = [
        {"key": "NO-1"}, {"key": issue.key}, {"key": issue.key}, {"title": " "}, {"priority": "9"},
        {"severity": "grave"}, {"due_on": "31.12.2026"}, {"assignee": "nobody@example.com"},
        {"assignee": reporter.email}, {"project": "NONE"}, {"title": "x" * 301}, {"title": "a\0b"},
    ]  # fmt: skip
    seen = look(maintainer_client, table_of(row, *(row | cells for cells in bad)))
    faults = {plan.line: plan.faults[0].field for plan in seen.context["plans"] if plan.faults}
    assert faults == {
        3: "key", 5: "key", 6: "title", 7: "priority", 8: "severity", 9: "due_on", 10: "assignee", 11: "assignee",
        12: "project", 13: "title", 14: "title",
    }  # fmt: skip
    assert "token" not in seen.context
    assert Issue.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"title,colour\nx,red\n", "No column"),
        (b"title,title\nx,y\n", "twice"),
        (b"severity\nlow\n", "key or title"),
        (b"title\nx,y\n", "more cells"),
        (b"title\n" + b"x\n" * 5_001, "5,000 rows"),
        (b"x" * (10 * 1024**2 + 1), "10 MiB"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_file_that_is_no_such_table_is_refused_with_words(maintainer_client: Client, data: bytes, words: str):
    answer = look(maintainer_client, data)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_nobody_takes_the_table_of_another_or_gets_in_without_the_right(maintainer_client: Client, client: Client):
    token = look(maintainer_client, table_of({"title": "Mine"})).context["token"]
    client.force_login(make_user())
    client.post(IMPORT, {"token": token})
    assert not Issue.objects.exists()
    client.force_login(make_user("reporter"))
    assert {client.get(address).status_code for address in (IMPORT, EXPORT)} == {302}
    assert maintainer_client.post(EXPORT).status_code == 403
