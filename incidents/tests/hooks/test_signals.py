"""Grouping: what fires opens once and adds, what ends closes, and what GitHub tells is one issue."""

from datetime import UTC, datetime

import pytest

from incidents.choices import IncidentStatus, IssueStatus, Severity
from incidents.intake.issue_files import SourceIssue
from incidents.models import Comment, HookSignal, Incident, IncidentLink, Issue
from incidents.services.hook_rules import create_rule
from incidents.services.hook_signals import MAX_TOLD
from incidents.services.incident_moves import move_incident
from incidents.services.issue_import import import_issues
from incidents.services.issue_moves import move_issue
from incidents.services.issues import update_issue
from incidents.testing.hook_calls import SYSTEM, Sender, alert, group, issue_news
from incidents.testing.incident_factories import category_of
from incidents.testing.parallel import run_at_once
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict
from tracker.models import Event
from tracker.testing.factories import make_project, make_user


def words(results):
    return [one["result"] for one in results]


@pytest.mark.django_db
def test_what_fires_again_adds_and_what_ends_closes():
    sender = Sender(name="prod alerts")
    assert words(sender.tell(group(alert(), alert("LoadHigh")))) == ["opened", "opened"]
    incident = Incident.objects.get(title__startswith="DiskFull")
    assert (incident.category.key, incident.severity, incident.status) == ("outage", "critical", "OPEN")
    assert incident.reporter_label == "Prometheus Alertmanager: prod alerts"
    assert sender.tell(group(alert()))[0] | {"fingerprint": ""} == {
        "fingerprint": "", "result": "appended", "incident": incident.key,
    }  # fmt: skip
    signal = HookSignal.objects.get(incident=incident)
    assert (signal.count, signal.is_open) == (2, True)
    assert not Comment.objects.exists()
    assert words(sender.tell(group(alert(status="resolved"), alert("LoadHigh")))) == ["closed", "appended"]
    incident.refresh_from_db()
    signal.refresh_from_db()
    assert (incident.status, signal.is_open) == (IncidentStatus.DONE, False)
    moves = Event.objects.filter(object_type="incident", object_id=str(incident.pk), verb="incident.moved")
    assert {move.actor_label for move in moves} == {"hook:prod alerts"}
    assert len(moves) == 3


@pytest.mark.django_db
def test_what_fires_after_its_end_is_new_and_linked():
    sender = Sender()
    for status in ("firing", "resolved", "firing"):
        (result,) = sender.tell(group(alert(status=status)))
    assert (result["result"], result["note"]) == ("opened", "It fired before.")
    first, second = Incident.objects.order_by("pk")
    assert IncidentLink.objects.get(incident=first).other == second
    assert words(sender.tell(group(alert("Never", status="resolved")))) == ["unknown"]


@pytest.mark.django_db
def test_an_end_leaves_what_people_have_closed():
    sender = Sender()
    sender.tell(group(alert()))
    incident = Incident.objects.get()
    for status in ("TRIAGED", "IN_PROGRESS", "DONE"):
        move_incident(actor=SYSTEM, incident=incident, status=status)
    assert "still fires" in sender.tell(group(alert()))[0]["note"]
    before = Event.objects.count()
    assert words(sender.tell(group(alert(status="resolved")))) == ["closed"]
    assert Event.objects.count() == before


@pytest.mark.django_db
def test_a_flapping_text_is_told_a_few_times_and_then_only_counted():
    sender = Sender(rate_per_minute=1000)
    for number in range(MAX_TOLD + 5):
        sender.tell(group(alert(annotations={"description": f"It is {number} %"})))
    assert HookSignal.objects.get().count == MAX_TOLD + 5
    assert Comment.objects.count() == MAX_TOLD
    assert {said.author_label for said in Comment.objects.all()} == {sender.hook.name}


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_incident():
    category_of("outage")
    sender = Sender()
    answers = []
    errors = run_at_once(
        [lambda: answers.append(sender.send(group(alert("B"), alert("A"))).json())] * 10
        + [lambda: answers.append(sender.send(group(alert("A"), alert("B"))).json())] * 10
    )
    assert errors == []
    results = [one for answer in answers for one in answer["results"]]
    assert sorted(words(results)) == ["appended"] * 38 + ["opened"] * 2
    assert Incident.objects.count() == 2
    assert sorted(HookSignal.objects.values_list("count", flat=True)) == [20, 20]


@pytest.mark.django_db
def test_one_signal_that_is_refused_leaves_the_others_alone(monkeypatch):
    sender = Sender(category=None)
    create_rule(actor=SYSTEM, values={"name": "odd", "target": "issue", "conditions": {"alertname": "Odd"}})
    monkeypatch.setattr("incidents.services.hook_signals.create_issue", refuse)
    answer = sender.send(group(alert(), alert("Odd"), alert("Last")))
    assert words(answer.json()["results"]) == ["opened", "refused", "opened"]
    assert "1 refused" in answer.json()["note"]
    assert Incident.objects.count() == HookSignal.objects.count() == 2
    answer = sender.send(group(alert("Odd")))
    assert (answer.status_code, answer.json()["outcome"]) == (202, "noted")


def refuse(**values):
    raise Conflict("Not today.")


@pytest.mark.django_db
def test_issues_of_github_follow_what_happens_there():
    project = make_project()
    sender = Sender("github", project=project)
    assert words(sender.tell(issue_news())) == ["opened"]
    issue = Issue.objects.get()
    assert (issue.project, issue.reporter_label, issue.severity) == (project, "octocat", Severity.MEDIUM)
    assert (issue.source, issue.source_id) == ("acme/doors", "7")
    assert "<strong>not</strong>" in issue.description_html
    assert words(sender.tell(issue_news("edited", minute=1, title="The door is open"))) == ["updated"]
    assert words(sender.tell(issue_news("labeled", minute=2, label={"name": "Urgent"}))) == ["updated"]
    assert words(sender.tell(issue_news("assigned", minute=2))) == ["unchanged"]
    said = {"id": 11, "body": "On it.", "user": {"login": "hubot"}}
    assert words(sender.tell(issue_news("created", comment=said, minute=3), event="issue_comment")) == ["appended"]
    assert words(sender.tell(issue_news("closed", minute=4))) == ["closed"]
    issue.refresh_from_db()
    assert (issue.title, issue.status) == ("The door is open", IssueStatus.DONE)
    assert set(issue.tags.values_list("name", flat=True)) == {"bug", "urgent"}
    assert words(sender.tell(issue_news("reopened", minute=5))) == ["updated"]
    assert [(row.is_open, row.count) for row in HookSignal.objects.order_by("pk")] == [(False, 5), (True, 1)]
    issue.refresh_from_db()
    assert issue.status == IssueStatus.OPEN
    edited = {**said, "body": "Done."}
    sender.tell(issue_news("edited", comment=edited, minute=6), event="issue_comment")
    comment = Comment.objects.get()
    assert (comment.body, comment.author_label, comment.author) == ("Done.", "hubot", None)
    sender.tell(issue_news("deleted", comment=edited, minute=7), event="issue_comment")
    assert not Comment.objects.exists()


@pytest.mark.django_db
def test_an_edit_there_leaves_what_people_wrote_here():
    sender = Sender("github")
    sender.tell(issue_news())
    issue = Issue.objects.get()
    person = Actor.of_user(make_user(Role.MAINTAINER))
    update_issue(actor=person, issue=issue, changes={"title": "Door 7 is stuck"})
    sender.tell(issue_news("edited", minute=1, title="Doors!", body="All of them."))
    issue.refresh_from_db()
    assert (issue.title, issue.description) == ("Door 7 is stuck", "All of them.")


@pytest.mark.django_db
def test_what_people_reopened_here_is_not_closed_by_talk_there():
    sender = Sender("github")
    sender.tell(issue_news())
    sender.tell(issue_news("closed", minute=1))
    issue = Issue.objects.get()
    move_issue(actor=Actor.of_user(make_user(Role.MAINTAINER)), issue=issue, status="OPEN")
    said = {"id": 11, "body": "Is it?", "user": {"login": "hubot"}}
    told = issue_news("created", comment=said, minute=2, state="closed")
    assert words(sender.tell(told, event="issue_comment")) == ["appended"]
    issue.refresh_from_db()
    assert issue.status == IssueStatus.OPEN


@pytest.mark.django_db
def test_old_news_change_nothing_and_an_imported_issue_is_the_same_one():
    moment = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)
    told = SourceIssue(7, "Stuck", "By import.", "octocat", [], moment, moment, None)
    import_issues(actor=SYSTEM, issues=[told], project=make_project(), source="acme/doors")
    sender = Sender("github")
    late = sender.tell(issue_news("closed", minute=10))
    assert (words(late), late[0]["note"]) == (["unchanged"], "Later news are known.")
    assert words(sender.tell(issue_news("closed", minute=40))) == ["closed"]
    assert Issue.objects.get().status == IssueStatus.DONE
    assert words(sender.tell(issue_news("closed", number=99))) == ["unknown"]


@pytest.mark.django_db(transaction=True)
def test_news_of_one_issue_at_once_make_one_issue():
    sender = Sender("github")
    errors = run_at_once([lambda: sender.tell(issue_news("labeled", label={"name": "x"})) for _ in range(8)])
    assert errors == []
    assert Issue.objects.count() == HookSignal.objects.count() == 1


@pytest.mark.django_db
def test_sentry_opens_an_issue_and_resolving_there_closes_it():
    sender = Sender("sentry")
    document = {"data": {"issue": {"id": "5", "title": "Boom", "level": "fatal"}}}
    assert words(sender.tell({**document, "action": "created"})) == ["opened"]
    issue = Issue.objects.get()
    assert (issue.title, issue.severity, issue.project.key) == ("Boom", "critical", "INBOX")
    assert issue.reporter_label == f"Sentry: {sender.hook}"
    assert words(sender.tell({**document, "action": "assigned"})) == []
    assert words(sender.tell({**document, "action": "resolved"})) == ["closed"]
    assert words(sender.tell({**document, "action": "unresolved"})) == ["opened"]
    assert Issue.objects.count() == 2
    assert issue.links_out.count() + issue.links_in.count() == 1
