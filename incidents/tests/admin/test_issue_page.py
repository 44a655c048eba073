"""One issue's page: what it says, and what people do there."""

import pytest
from django.test import Client

from incidents.models import Issue
from incidents.testing.factories import make_issue
from tracker.models import Event, User
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db


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
