"""Hostile texts in files: what goes out calculates nowhere, what comes in is taken or refused by its line."""

import csv
import io
import json
import time
import unicodedata

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents.intake.issue_files import read_issues
from incidents.models import Issue
from incidents.services.issue_import import import_issues
from incidents.testing.factories import make_issue
from tracker.access import Actor
from tracker.choices import Role
from tracker.spreadsheets import restore
from tracker.testing.factories import make_project, make_user
from tracker.testing.nasty import WORST, everything, formulas

pytestmark = pytest.mark.django_db
LONG = '=HYPERLINK("http://evil.example")' + "x" * 262_000
LINE = {
    "number": 1,
    "title": "x",
    "state": "open",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}
TABLES = {
    "NUL": b"title\na\0b\n",
    "not UTF-8": b"title\n\xff\xfe\n",
    "UTF-16": "title\nx\n".encode("utf-16"),
    "nothing": b"",
    "blanks": b"\n\n\n",
    "an open quote": b'title\n"' + b"x" * 400_000,
    "a huge cell": b"title\n" + b"x" * 9_000_000 + b"\n",
    "a hundred thousand columns": b"title" + b",x" * 100_000 + b"\n",
    "a million rows": b"title\n" + b"x\n" * 1_000_000,
    "more cells than names": b"title\nx,y,z\n",
    "fewer cells than names": b"title,description\nx\n",
    "lone returns": b"title\rx\ry\r",
    "a zip": b"PK\x03\x04" + bytes(range(256)) * 100,
    "a page": b"<html><script>xssmark(1)</script>",
    "keys of nothing": b"key,title\nNOSUCH-1,x\nOPS-99999999999999999999,x\n-,x\n,\n",
    "numbers beyond all": b"title,priority,due_on\nx," + b"9" * 5000 + b",9999-99-99\n",
    "a day before days": b"title,due_on\nx,0000-00-00\ny,-1\nz,1e9\n",
    "half a character": b"title\n\xed\xa0\x80\n",
}


def is_live(cell: str) -> bool:
    """Whether a spreadsheet program would calculate a cell."""
    try:
        float(cell)
    except ValueError:
        seen = "".join(c for c in cell if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf"))
        return unicodedata.normalize("NFKC", seen)[:1] in {"=", "+", "-", "@", "\u2212"} or cell[:1] in {"\t", "\r"}
    return False


@pytest.fixture
def client() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_user(Role.ADMIN), backend="tracker.backends.CountedPasswordBackend")
    return client


@pytest.mark.parametrize("path", ["/v1/issues/export", "/admin/incidents/issue/export/"])
def test_what_goes_out_calculates_nowhere_and_reads_back_as_it_was(client, path):
    texts = [*WORST.values(), *formulas(), "'=1", "\t=1", "=1\n=2", LONG, "-5", "\u00a0=1", "\ufeff+1", "\uff1d1"]
    project = make_project(name="=1+1")
    for text in texts:
        make_issue(
            project=project, title=" ".join(text.split())[:300] or "x", description=text, reporter_label=text[:99]
        )
    answer = client.get(path)
    assert answer.status_code == 200
    table = io.StringIO(answer.getvalue().decode(), newline="")
    rows = list(csv.DictReader(table))
    assert [cell[:60] for row in rows for cell in row.values() if is_live(cell)] == []
    assert {restore(row["description"]) for row in rows} == set(texts)


@pytest.mark.parametrize("name", TABLES)
def test_tables_made_to_harm_are_refused_at_once(client, name):
    started = time.process_time()
    file = SimpleUploadedFile("issues.csv", TABLES[name], content_type="text/csv")
    answer = client.post("/admin/incidents/issue/import/", {"file": file})
    assert answer.status_code in (200, 302, 400, 413), answer.status_code
    assert time.process_time() - started < 3
    assert b"<script>xssmark" not in answer.getvalue()
    assert not Issue.objects.exists()


@pytest.mark.parametrize("token", ["x", "../../x", "a\0b", "a b", "1-x", "ü", "x" * 5000, "\r\n"])
def test_a_guessed_table_is_not_there(client, token):
    answer = client.post("/admin/incidents/issue/import/", {"token": token})
    assert answer.status_code == 302
    assert not Issue.objects.exists()


def read(*lines: object) -> tuple[list, list]:
    return read_issues(io.BytesIO(b"\n".join(json.dumps(line).encode() for line in lines)))


def test_hostile_lines_are_named_and_the_others_taken():
    bad: list[dict[str, object]] = [
        {"title": "a\0b"}, {"title": "a\ud800b"}, {"title": "x" * 1000}, {"body": "\udfff"}, {"body": "x" * 300_000},
        {"number": 0}, {"number": 10**30}, {"state": "x\0"}, {"created_at": "0001-01-01T00:00:00+23:59"},
        {"updated_at": "9999-12-31T23:59:59-23:59"}, {"created_at": "now"}, {"labels": ["\u0130" * 45]},
        {"labels": ["a\0b"]}, {"author": "a\0b"}, {"comments": [{"created_at": "2026-01-01T00:00:00Z", "body": "\0"}]},
        {"comments": [{"created_at": "2026-01-01T00:00:00Z", "body": "x", "id": "a\0b"}]},
        {"comments": [{"created_at": "2026-01-01T00:00:00Z", "body": "x", "id": "\ud800"}]},
    ]  # fmt: skip
    found, faults = read(*({**LINE, "number": number, **line} for number, line in enumerate(bad, start=1)))
    assert {fault.index for fault in faults} == set(range(1, len(bad) + 1)), [issue.number for issue in found]
    assert all(fault.field for fault in faults)


def test_every_nasty_text_comes_in_with_a_file():
    said = {"created_at": "2026-01-01T00:00:00Z", "user": {"login": "x"}}
    lines = [
        {
            **LINE,
            "number": number,
            "title": text[:250],
            "body": text,
            "author": text[:200],
            "comments": [said | {"body": text}],
        }
        for number, text in enumerate(everything(), start=1)
    ]
    found, faults = read(*lines)
    assert len(found) + len({fault.index for fault in faults}) == len(lines)
    counts = import_issues(actor=Actor.system("test"), issues=found, project=make_project(), source="nasty")
    assert counts.created == len(found)
    assert Issue.objects.count() == len(found) > 10
