"""Issues from another tracker: they keep their dates, and telling them twice changes nothing."""

import json
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incidents.intake.issue_files import read_issues
from incidents.models import Comment, Issue, Tag
from incidents.services.issue_import import ImportCounts, import_issues
from incidents.services.issue_moves import move_issue
from incidents.services.issue_search import search_query_of
from incidents.services.issues import create_issue, update_issue
from tracker.access import Actor
from tracker.exceptions import DomainError, PermissionDenied
from tracker.models import Event, Project
from tracker.testing.factories import make_project, make_user
from tracker.testing.real_data import DATA, needs

pytestmark = pytest.mark.django_db
HF, TLS = DATA / "issues" / "hf_datasets_issues.jsonl.xz", DATA / "issues" / "ietf_tls13_issues_with_comments.jsonl.xz"
SYSTEM = Actor.system("test")


def line_of(**fields: Any) -> dict[str, Any]:
    """A line as GitHub tells of an open issue."""
    return {
        "number": 7, "title": "It breaks", "state": "open", "body": "Badly.\r\nTwice.", "labels": ["bug"],
        "author": "user-1", "created_at": "2025-01-01T10:00:00Z", "updated_at": "2025-01-02T10:00:00Z",
        "closed_at": None, "comments": 0, **fields,
    }  # fmt: skip


def take(project: Project, *lines: dict[str, Any], actor: Actor = SYSTEM, source: str = "github") -> ImportCounts:
    issues, faults = read_issues(BytesIO("\n".join(json.dumps(line) for line in lines).encode()))
    assert faults == []
    return import_issues(actor=actor, issues=issues, project=project, source=source)


def run(*args: Any) -> str:
    out = StringIO()
    call_command("import_issues", *args, quiet=True, stdout=out)
    return out.getvalue().strip()


@pytest.mark.bulk
@needs(HF)
def test_thousands_of_real_issues_come_in_once_and_are_found():
    make_project(key="HF")
    make_project(key="TLS")
    assert run(HF, "--project", "hf") == "2702 created, 0 updated, 0 unchanged, 0 comments"
    assert run(TLS, "--project", "TLS") == "390 created, 0 updated, 0 unchanged, 853 comments"
    before = (Event.objects.count(), Issue.objects.count(), Comment.objects.count())
    assert run(HF, "--project", "hf") == "0 created, 0 updated, 2702 unchanged, 0 comments"
    assert run(TLS, "--project", "TLS") == "0 created, 0 updated, 390 unchanged, 0 comments"
    assert (Event.objects.count(), Issue.objects.count(), Comment.objects.count()) == before
    longest = Issue.objects.get(project__key="HF", number=1696)
    assert len(longest.description) > 200_000
    assert longest.description_html.startswith("<pre>")
    assert Issue.objects.filter(search=search_query_of("shadowed modules")).values_list("number")[0] == (138,)
    assert Issue.objects.filter(search=search_query_of("TLSCompressed keygen")).exists()
    assert Issue.objects.filter(project__key="HF", status="DONE").count() == 2032
    assert Project.objects.get(key="HF").last_issue_number == max(Issue.objects.values_list("number", flat=True))


def test_a_closed_issue_keeps_its_dates_and_how_long_it_took():
    project = make_project(key="OPS")
    closed = line_of(state="CLOSED", closed_at="2025-01-05T10:00:00Z", labels=["Help Wanted", {"name": "a,b"}])
    take(project, closed)
    issue = Issue.objects.get()
    spans = list(issue.spans.values_list("status", "started_at", "ended_at"))
    opened, done = datetime(2025, 1, 1, 10, tzinfo=UTC), datetime(2025, 1, 5, 10, tzinfo=UTC)
    assert spans == [("OPEN", opened, done), ("DONE", done, None)]
    assert (issue.key, issue.done_at, issue.reporter_label) == ("OPS-7", done, "user-1")
    assert issue.description == "Badly.\nTwice."
    assert sorted(issue.tags.values_list("name", flat=True)) == ["a b", "help wanted"]


def test_a_number_that_is_taken_gives_way_and_new_issues_come_after_the_source():
    project = make_project(key="OPS")
    create_issue(actor=SYSTEM, values={"title": "Ours"}, project=project)
    take(project, line_of(number=1), line_of(number=30))
    assert sorted(Issue.objects.exclude(source="").values_list("source_id", "number")) == [("1", 31), ("30", 30)]
    assert create_issue(actor=SYSTEM, values={"title": "Next"}, project=project).number == 32


def test_only_what_the_source_says_newer_is_written_over_what_people_did_here():
    project = make_project()
    take(project, line_of(comments=[{"author": "a", "body": "One.", "created_at": "2025-01-01T11:00:00Z"}]))
    issue = Issue.objects.get()
    update_issue(actor=SYSTEM, issue=issue, changes={"title": "Our words", "severity": "high", "tags": ["ours"]})
    move_issue(actor=SYSTEM, issue=issue, status="TRIAGED")
    assert take(project, line_of(title="Same moment")).unchanged == 1
    issue.refresh_from_db()
    assert issue.title == "Our words"
    said = [{"author": "a", "body": f"{n}.", "created_at": f"2025-01-01T1{n}:00:00Z"} for n in (1, 2)]
    newer = line_of(title="Their words", updated_at="2025-02-01T10:00:00Z", comments=said, labels=["theirs"])
    assert (counts := take(project, newer)).updated == 1
    assert counts.comments == 1
    issue.refresh_from_db()
    assert (issue.title, issue.severity, issue.status) == ("Their words", "high", "TRIAGED")
    assert sorted(issue.tags.values_list("name", flat=True)) == ["ours", "theirs"]


def test_the_source_closes_and_reopens_but_not_over_a_later_closing_here():
    project = make_project()
    take(project, line_of())
    issue = Issue.objects.get()
    closed = {"state": "closed", "closed_at": "2025-03-01T10:00:00Z"}
    take(project, line_of(**closed, updated_at="2025-03-01T10:00:00Z"))
    issue.refresh_from_db()
    assert (issue.status, str(issue.done_at)[:10]) == ("DONE", "2025-03-01")
    take(project, line_of(updated_at="2025-04-01T10:00:00Z"))
    issue.refresh_from_db()
    assert (issue.status, issue.done_at) == ("OPEN", None)
    assert [span.status for span in issue.spans.order_by("id")] == ["OPEN", "DONE", "OPEN"]
    for status in ("TRIAGED", "IN_PROGRESS", "DONE"):
        move_issue(actor=SYSTEM, issue=issue, status=status)
    take(project, line_of(updated_at="2025-05-01T10:00:00Z"))
    issue.refresh_from_db()
    assert issue.status == "DONE"


def test_one_line_in_the_log_says_who_brought_what():
    maintainer, project = make_user("maintainer"), make_project()
    take(project, line_of(), line_of(number=8), actor=Actor.of_user(maintainer))
    event = Event.objects.get(verb="issue.imported")
    assert (event.actor_id, event.object_id) == (maintainer.pk, "github")
    assert sorted(event.data["created"]) == sorted(Issue.objects.values_list("pk", flat=True))


def test_a_reporter_imports_nothing():
    with pytest.raises(PermissionDenied):
        take(make_project(), line_of(), actor=Actor.of_user(make_user("reporter")))
    with pytest.raises(DomainError):
        take(make_project(), line_of(), source=" ")
    assert not Issue.objects.exists()


BAD = [
    ({"state": "merged"}, "state"),
    ({"title": " "}, "title"),
    ({"title": "x" * 301}, "title"),
    ({"title": "a\0b"}, "title"),
    ({"body": "x" * 262_145}, "body"),
    ({"number": 0}, "number"),
    ({"number": "7"}, "line"),
    ({"created_at": "2025-01-01T10:00:00"}, "created_at"),
    ({"updated_at": "3025-01-01T10:00:00Z"}, "updated_at"),
    ({"labels": ["x" * 51]}, "labels"),
    ({"comments": [{"body": "x" * 65_537, "created_at": "2025-01-01T10:00:00Z"}]}, "comments.body"),
]


def test_bad_lines_are_named_and_nothing_is_taken_unless_they_may_be_skipped(tmp_path: Path, capsys):
    lines = [json.dumps(line_of(number=1)), *(json.dumps(line_of(number=9) | bad) for bad, _ in BAD), "{", "[]", ""]
    file = tmp_path / "bad.jsonl"
    file.write_text("\n".join(lines))
    _, faults = read_issues(BytesIO(file.read_bytes()))
    expected = [(place, name) for place, (_, name) in enumerate(BAD, start=2)]
    assert [(fault.index, fault.field) for fault in faults] == [*expected, (13, "line"), (14, "line")]
    with pytest.raises(CommandError, match="13 lines are bad"):
        run(file)
    assert "line 2: state: open or closed." in capsys.readouterr().err
    assert not Issue.objects.exists()
    assert run(file, "--skip-bad").startswith("1 created")
    assert Issue.objects.get().project.key == Project.objects.get().key


def test_a_file_that_is_none_is_refused_in_one_line(tmp_path: Path):
    file = tmp_path / "x.jsonl.xz"
    file.write_bytes(b"no such format")
    for args in ([file], [tmp_path / "none.jsonl"], ["-"]):
        with pytest.raises(CommandError):
            run(*args)
    assert not Tag.objects.exists()
