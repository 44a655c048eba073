"""From report to done and back: the services behind every surface."""

import pytest
from django.utils import timezone

from incidents.models import Comment, Issue
from incidents.services.comments import comment_on_issue
from incidents.services.issue_moves import merge_issue, move_issue
from incidents.services.issues import create_issue, find_issue, update_issue, visible_issues
from incidents.services.triage import triage_issues
from incidents.testing.factories import make_issue
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, NotFound, PermissionDenied
from tracker.models import Event, Notification
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintainer() -> Actor:
    return Actor.of_user(make_user(Role.MAINTAINER))


@pytest.fixture
def reporter() -> Actor:
    return Actor.of_user(make_user(Role.REPORTER))


def test_issues_of_a_project_are_numbered_from_one(maintainer):
    project = make_project(key="OPS")
    keys = [create_issue(actor=maintainer, values={"title": "x", "project": project}).key for _ in range(3)]
    assert keys == ["OPS-1", "OPS-2", "OPS-3"]
    assert find_issue(maintainer, "ops-2").number == 2


def test_what_nobody_assigned_to_a_project_goes_to_the_inbox(reporter):
    issue = create_issue(actor=reporter, values={"title": "Lamp broken"})
    assert issue.key == "INBOX-1"
    assert list(visible_issues(reporter)) == [issue]
    assert not visible_issues(Actor.of_user(make_user(Role.REPORTER))).exists()


def test_an_issue_that_went_to_another_project_is_found_by_its_old_key(maintainer, reporter):
    issue = create_issue(actor=reporter, values={"title": "Lamp broken"})
    for key in ("OPS", "NET"):
        update_issue(actor=maintainer, issue=issue, changes={"project": make_project(key=key)})
    issue.refresh_from_db()
    assert issue.key == "NET-1"
    assert [find_issue(reporter, key) for key in ("inbox-1", "OPS-1", "NET-1")] == [issue, issue, issue]
    assert find_issue(Actor.of_user(make_user(Role.REPORTER)), "INBOX-1") is None
    assert create_issue(actor=reporter, values={"title": "Another"}).key == "INBOX-2"


def test_a_reporter_cannot_say_how_bad_it_is(reporter):
    with pytest.raises(InvalidInput, match="severity"):
        create_issue(actor=reporter, values={"title": "x", "severity": "critical"})
    assert not Issue.objects.exists()


def test_a_move_outside_the_table_is_refused_and_names_those_there_are(maintainer):
    issue = make_issue()
    with pytest.raises(Conflict, match="TRIAGED"):
        move_issue(actor=maintainer, issue=issue, status="DONE")
    assert Issue.objects.get().status == "OPEN"


def test_a_reopened_issue_is_not_done_and_keeps_every_stay(maintainer):
    issue = make_issue()
    for status in ("TRIAGED", "IN_PROGRESS", "DONE"):
        issue = move_issue(actor=maintainer, issue=issue, status=status)
    assert issue.done_at is not None
    issue = move_issue(actor=maintainer, issue=issue, status="OPEN")
    assert (issue.done_at, issue.triaged_at) == (None, None)
    assert list(issue.spans.values_list("status", flat=True)) == ["OPEN", "TRIAGED", "IN_PROGRESS", "DONE", "OPEN"]
    assert issue.spans.filter(ended_at=None).count() == 1
    moves = Event.objects.filter(verb="issue.moved", actor=maintainer.user)
    assert moves.count() == 4


def test_a_reporter_moves_nothing(reporter):
    issue = make_issue(reporter=reporter.user)
    with pytest.raises(PermissionDenied):
        move_issue(actor=reporter, issue=issue, status="TRIAGED")


def test_an_unchanged_value_is_no_event(maintainer):
    issue = make_issue(title="Same")
    update_issue(actor=maintainer, issue=issue, changes={"title": "Same", "tags": []})
    assert not Event.objects.exists()


def test_a_change_tells_before_and_after(maintainer):
    issue = make_issue(severity="low", tags=["old"])
    update_issue(actor=maintainer, issue=issue, changes={"severity": "high", "tags": ["New  Tag", "new tag"]})
    event = Event.objects.get(verb="issue.updated")
    assert event.before == {"severity": "low", "tags": ["old"]}
    assert event.after == {"severity": "high", "tags": ["new tag"]}


def test_a_duplicate_hands_over_what_it_has_and_is_done(maintainer):
    issue, other = make_issue(tags=["a"]), make_issue(tags=["b"])
    comment_on_issue(actor=maintainer, issue=issue, body="Seen twice.")
    merged = merge_issue(actor=maintainer, issue=issue, into=other)
    assert (merged.status, merged.merged_into) == ("DONE", other)
    assert Comment.objects.get().issue == other
    assert set(other.tags.values_list("name", flat=True)) == {"a", "b"}
    with pytest.raises(Conflict):
        merge_issue(actor=maintainer, issue=issue, into=other)


def test_a_comment_tells_those_who_are_mentioned_once_and_the_watchers(maintainer):
    watcher, mentioned, outsider = make_user(), make_user(), make_user(Role.REPORTER)
    issue = make_issue(watchers=[watcher, mentioned, outsider])
    body = f"@{mentioned.email} and @{outsider.email} please look"
    comment_on_issue(actor=maintainer, issue=issue, body=body)
    told = dict(Notification.objects.values_list("recipient__email", "kind"))
    assert told == {watcher.email: "watched", mentioned.email: "mentioned"}


def test_watchers_are_told_what_changed_in_words(maintainer):
    issue = make_issue(title="Lamp", watchers=[make_user()])
    changes = {"due_on": timezone.localdate(), "project": make_project(key="OPS"), "severity": "high"}
    update_issue(actor=maintainer, issue=issue, changes=changes)
    told = Notification.objects.get().headline
    assert told == f"OPS-1: {maintainer.label} changed due day, project, severity (Lamp)"


def test_bulk_triage_tells_of_each_row(maintainer):
    one, done = make_issue(), make_issue(status="DONE", done_at=make_issue().created_at)
    results = triage_issues(actor=maintainer, ids=[one.pk, done.pk], changes={}, status="TRIAGED", add_tags=["x"])
    assert [(result.is_changed, result.refusal is not None) for result in results] == [(True, False), (False, True)]
    assert list(done.tags.all()) == []


def test_bulk_triage_with_an_unknown_id_changes_nothing(maintainer):
    issue = make_issue()
    with pytest.raises(NotFound):
        triage_issues(actor=maintainer, ids=[issue.pk, 10**9], changes={"severity": "high"})
    assert Issue.objects.get().severity == "medium"
