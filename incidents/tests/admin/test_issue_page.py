"""One issue's page: what it says, and what people do there."""

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Attachment, Comment, Issue, IssueLink, IssueSpan
from incidents.services.comments import comment_on_issue
from incidents.services.issue_links import link_issues
from incidents.services.issue_moves import move_issue
from incidents.services.issues import update_issue
from incidents.testing.factories import make_issue, make_issue_comment
from tracker import clock
from tracker.access import Actor
from tracker.models import Event, User
from tracker.testing.factories import make_project, make_user
from tracker.testing.real_data import DATA, needs

pytestmark = pytest.mark.django_db
LIVE = re.compile(r"<(script|img|svg|iframe|style)|<[^>]+\son\w+=|href=.?\s*(javascript|data|vbscript):", re.IGNORECASE)


def page_of(issue: Issue, rest: str = "change/") -> str:
    return f"/admin/incidents/issue/{issue.pk}/{rest}"


def form_of(client: Client, issue: Issue, **typed: str) -> dict[str, str]:
    """The edit form as the browser sends it back, with what somebody typed."""
    form = client.get(page_of(issue)).context["edit_form"]
    sent: dict[str, str] = {}
    for field in form:
        shown = field.value()
        sent[field.html_name] = sent[field.html_initial_name] = "" if shown is None else str(shown)
    return sent | {f"edit-{name}": value for name, value in typed.items()}


def test_an_issue_is_made_and_its_page_shows_it(maintainer_client: Client, maintainer: User):
    project = make_project(key="OPS")
    typed = {
        "project": project.pk, "title": "Door jams", "description": "It **jams**.\r\n<script>alert(1)</script>",
        "severity": "high", "priority": "1", "assignee": maintainer.pk, "tags": "Doors, north gate",
        "due_on": "2027-01-02",
    }  # fmt: skip
    answer = maintainer_client.post("/admin/incidents/issue/add/", typed)
    issue = Issue.objects.get(title="Door jams")
    assert answer["Location"] == page_of(issue)
    page = maintainer_client.get(page_of(issue)).content.decode()
    for words in ("OPS-1", "<strong>jams</strong>", "&lt;script&gt;alert(1)", "north gate", "2 Jan 2027", "Open"):
        assert words in page
    assert (issue.reporter, issue.assignee, issue.severity) == (maintainer, maintainer, "high")


def test_what_the_service_refuses_is_shown_beside_the_field(maintainer_client: Client):
    values = {"title": "x", "severity": "low", "priority": "2", "tags": "y" * 51, "description": "x"}
    answer = maintainer_client.post("/admin/incidents/issue/add/", values)
    assert answer.status_code == 200
    assert "1 to 50 characters" in answer.content.decode()
    assert not Issue.objects.exists()


def test_only_what_was_changed_on_the_page_is_written(maintainer_client: Client):
    issue = make_issue(title="Old", severity="low", tags=["a", "b"], description="one\ntwo")
    sent = form_of(maintainer_client, issue, title="New")
    Issue.objects.filter(pk=issue.pk).update(severity="critical")
    answer = maintainer_client.post(page_of(issue, "edit/"), sent)
    assert answer.status_code == 302
    issue.refresh_from_db()
    assert (issue.title, issue.severity) == ("New", "critical")
    assert Event.objects.get(verb="issue.updated").after == {"title": "New"}


def test_nobody_overwrites_what_another_wrote_meanwhile(maintainer_client: Client):
    issue = make_issue(title="Old")
    sent = form_of(maintainer_client, issue, title="Mine")
    Issue.objects.filter(pk=issue.pk).update(title="Theirs")
    answer = maintainer_client.post(page_of(issue, "edit/"), sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Somebody changed this meanwhile" in page
    assert 'value="Mine"' in page
    issue.refresh_from_db()
    assert issue.title == "Theirs"


def test_it_moves_along_the_table_and_nowhere_else(maintainer_client: Client):
    issue = make_issue()
    assert "Triaged</button>" in maintainer_client.get(page_of(issue)).content.decode()
    for status in ("TRIAGED", "IN_PROGRESS", "DONE"):
        maintainer_client.post(page_of(issue, "move/"), {"status": status})
    issue.refresh_from_db()
    assert issue.status == "DONE"
    refused = maintainer_client.post(page_of(issue, "move/"), {"status": "TRIAGED"}, follow=True).content.decode()
    assert "from there it goes to OPEN" in refused
    assert (
        "One of OPEN" in maintainer_client.post(page_of(issue, "move/"), {"status": "x"}, follow=True).content.decode()
    )


def test_it_is_assigned_and_watched(maintainer_client: Client, maintainer: User):
    issue, reporter = make_issue(), make_user("reporter")
    maintainer_client.post(page_of(issue, "assign/"), {"assignee": maintainer.pk})
    maintainer_client.post(page_of(issue, "watch/"), {"watching": "1"})
    issue.refresh_from_db()
    assert (issue.assignee, list(issue.watchers.all())) == (maintainer, [maintainer])
    maintainer_client.post(page_of(issue, "assign/"), {"assignee": reporter.pk})
    maintainer_client.post(page_of(issue, "watch/"), {"watching": "0"})
    issue.refresh_from_db()
    assert (issue.assignee, list(issue.watchers.all())) == (maintainer, [])


def test_only_an_admin_deletes(maintainer_client: Client, admin_client: Client):
    issue = make_issue()
    assert page_of(issue, "delete/") not in maintainer_client.get(page_of(issue)).content.decode()
    assert maintainer_client.post(page_of(issue, "delete/")).status_code == 403
    assert page_of(issue, "delete/") in admin_client.get(page_of(issue)).content.decode()
    assert admin_client.get(page_of(issue, "delete/")).status_code == 200
    assert Issue.objects.exists()
    admin_client.post(page_of(issue, "delete/"))
    assert not Issue.objects.exists()


def test_reading_never_writes_and_a_reporter_stays_outside(client: Client, maintainer_client: Client):
    issue = make_issue()
    rests = ("edit/", "move/", "assign/", "watch/")
    assert {maintainer_client.get(page_of(issue, rest)).status_code for rest in rests} == {403}
    assert maintainer_client.post(page_of(issue), {"title": "x"}).status_code == 403
    client.force_login(make_user("reporter"))
    for rest in rests:
        assert client.post(page_of(issue, rest), {"status": "TRIAGED"}).status_code == 302
    issue.refresh_from_db()
    assert (issue.status, issue.assignee) == ("OPEN", None)


def test_the_timeline_tells_moves_changes_comments_and_files(maintainer_client: Client, maintainer: User):
    issue, actor = make_issue(title="Old", severity="low"), Actor.of_user(maintainer)
    IssueSpan.objects.filter(issue=issue).update(started_at=clock.now() - timedelta(hours=3))
    move_issue(actor=actor, issue=issue, status="TRIAGED")
    update_issue(actor=actor, issue=issue, changes={"severity": "high", "tags": ["door"]})
    comment_on_issue(actor=actor, issue=issue, body="It is **hot**.")
    maintainer_client.post(page_of(issue, "attach/"), {"files": [SimpleUploadedFile("notes.txt", b"some words")]})
    page = maintainer_client.get(page_of(issue)).content.decode()
    for words in ("Open → Triaged, after 3 h", "Severity low → high, tags none → door", "<strong>hot</strong>",
                  "notes.txt", "Opened"):  # fmt: skip
        assert words in page


def test_the_page_costs_the_same_however_long_the_story(maintainer_client: Client, maintainer: User):
    issue, actor = make_issue(tags=["a"]), Actor.of_user(maintainer)
    comment_on_issue(actor=actor, issue=issue, body="One.")
    with CaptureQueriesContext(connection) as short:
        maintainer_client.get(page_of(issue))
    for number in range(60):
        make_issue_comment(issue, make_user(), f"Comment {number}.")
    link_issues(actor=actor, source=issue, target=make_issue(), kind="blocks")
    link_issues(actor=actor, source=make_issue(), target=issue, kind="duplicates")
    with CaptureQueriesContext(connection) as long:
        answer = maintainer_client.get(page_of(issue))
    assert len(answer.context["timeline"].entries) <= 50
    assert ">Older<" in answer.content.decode()
    assert len(long.captured_queries) == len(short.captured_queries) <= 16


def test_a_comment_is_changed_by_its_author_and_deleted_by_an_admin(maintainer_client: Client, admin_client: Client):
    issue = make_issue()
    maintainer_client.post(page_of(issue, "comment/"), {"body": "First.\r\nSecond."})
    comment = Comment.objects.get(issue=issue)
    assert comment.body == "First.\nSecond."
    admin_client.post(page_of(issue, "edit-comment/"), {"id": comment.pk, "body": "Not mine."})
    maintainer_client.post(page_of(issue, "edit-comment/"), {"id": comment.pk, "body": "Better."})
    comment.refresh_from_db()
    assert comment.body == "Better."
    assert "delete-comment/" not in maintainer_client.get(page_of(issue)).content.decode()
    assert maintainer_client.post(page_of(issue, "delete-comment/"), {"id": comment.pk}).status_code == 403
    assert Comment.objects.exists()
    admin_client.post(page_of(issue, "delete-comment/"), {"id": comment.pk})
    assert not Comment.objects.exists()


def test_a_refused_comment_comes_back_as_it_was_typed(maintainer_client: Client):
    issue = make_issue()
    answer = maintainer_client.post(page_of(issue, "comment/"), {"body": "x" * 65_537})
    assert (answer.status_code, Comment.objects.count()) == (200, 0)
    assert "x" * 65_537 in answer.content.decode()


def test_several_files_are_added_at_once_and_taken_away_by_whoever_sent_them(
    maintainer_client: Client, maintainer: User
):
    issue = make_issue()
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"two"), SimpleUploadedFile("c.txt", b"")]
    page = maintainer_client.post(page_of(issue, "attach/"), {"files": files}, follow=True).content.decode()
    assert "2 files added." in page
    assert "Not taken: c.txt (file: The file is empty.)" in page
    theirs = Client()
    theirs.force_login(make_user())
    first = Attachment.objects.order_by("id").first()
    assert first is not None
    theirs.post(page_of(issue, "detach/"), {"id": first.pk})
    assert Attachment.objects.count() == 2
    maintainer_client.post(page_of(issue, "detach/"), {"id": first.pk})
    assert [file.name for file in Attachment.objects.all()] == ["b.txt"]


def test_issues_are_linked_by_key_and_parted_again(maintainer_client: Client):
    issue, other = make_issue(), make_issue(title="The other one")
    maintainer_client.post(page_of(issue, "link/"), {"kind": "blocks", "key": other.key.lower()})
    assert "The other one" in maintainer_client.get(page_of(issue)).content.decode()
    assert "is blocked by" in maintainer_client.get(page_of(other)).content.decode()
    for key in ("NO-1", "", issue.key, "x" * 41):
        maintainer_client.post(page_of(issue, "link/"), {"kind": "blocks", "key": key})
    link = IssueLink.objects.get()
    maintainer_client.post(page_of(make_issue(), "unlink/"), {"id": link.pk})
    assert IssueLink.objects.exists()
    maintainer_client.post(page_of(other, "unlink/"), {"id": link.pk})
    assert not IssueLink.objects.exists()


def test_a_duplicate_is_merged_after_a_look_at_both(maintainer_client: Client):
    issue, into = make_issue(title="Same again"), make_issue(title="The first report")
    asked = maintainer_client.get(page_of(issue, f"merge/?into={into.key}"))
    assert "The first report" in asked.content.decode()
    assert Issue.objects.filter(merged_into=None).count() == 2
    answer = maintainer_client.post(page_of(issue, "merge/"), {"into": into.key})
    assert answer["Location"] == page_of(into)
    issue.refresh_from_db()
    assert (issue.merged_into, issue.status) == (into, "DONE")
    assert "Merged into" in maintainer_client.get(page_of(issue)).content.decode()
    assert "was merged into this" in maintainer_client.get(page_of(into)).content.decode()
    for key in ("", "NO-1", issue.key):
        maintainer_client.post(page_of(into, "merge/"), {"into": key})
        assert maintainer_client.get(page_of(into, f"merge/?into={key or 'x'}")).status_code in (200, 302)
    into.refresh_from_db()
    assert into.merged_into is None


@pytest.mark.attack
@needs(DATA / "nasty")
def test_naughty_texts_are_shown_and_never_run(maintainer_client: Client, maintainer: User):
    issue = make_issue()
    texts = json.loads((DATA / "nasty" / "made_markdown_xss.json").read_text())
    texts += json.loads((DATA / "nasty" / "blns.json").read_text())[::16]
    for place, text in enumerate(texts):
        body = str(text.get("source", text) if isinstance(text, dict) else text).replace("\0", "")
        answer = maintainer_client.post(page_of(issue, "comment/"), {"body": body})
        assert answer.status_code in (200, 302), place
    page = maintainer_client.get(page_of(issue)).content.decode()
    said = re.findall(r'<div class="rich-text said">(.*?)</div>', page, re.DOTALL)
    assert said
    for html in said:
        assert not re.search(
            r"<(script|img|svg|iframe|style)|<[^>]+\son\w+=|href=.?\s*(javascript|data|vbscript):", html
        )


@pytest.mark.parametrize("key", ["A\0-1", "\0", "OPS-99999999999", "9" * 20, "ops-\u0661", "x" * 5_000, "OPS-1'; --"])
def test_what_is_no_key_finds_nothing_and_breaks_nothing(maintainer_client: Client, key: str):
    issue = make_issue()
    for rest in ("link/", "unlink/", "merge/", "detach/", "edit-comment/", "assign/", "move/"):
        typed = {"key": key, "kind": "blocks", "into": key, "id": key, "assignee": key, "status": key}
        assert maintainer_client.post(page_of(issue, rest), typed).status_code == 302
    assert maintainer_client.get(page_of(issue, "merge/"), {"into": key}).status_code == 302
    fields = dict.fromkeys(("project", "title", "description", "severity", "priority", "assignee", "due_on"), key)
    edited = maintainer_client.post(page_of(issue, "edit/"), {f"edit-{name}": text for name, text in fields.items()})
    assert edited.status_code == 200
    assert maintainer_client.post("/admin/incidents/issue/import/", {"token": key}).status_code == 302
    assert not IssueLink.objects.exists()


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00", "x", "%00", "2026-13-01"]
)
def test_a_page_of_no_time_is_still_a_page(maintainer_client: Client, moment: str):
    assert maintainer_client.get(page_of(make_issue(), f"change/?before={moment}")).status_code == 200
