"""Who hears of what happens to an issue: once each, never of their own acts, and only those who may see it."""

import pytest

from incidents.services.comments import comment_on_issue
from incidents.services.issues import create_issue, update_issue
from incidents.testing.factories import make_issue
from tracker.access import Actor
from tracker.choices import MailWish, NotificationKind, Role
from tracker.models import Notification
from tracker.services.notifications import MAX_RECIPIENTS, notify_people
from tracker.services.preferences import set_preferences
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


def actor(person):
    return Actor.of_user(person)


def told(person):
    return list(Notification.objects.filter(recipient=person).order_by("id").values_list("kind", flat=True))


def test_nobody_is_told_of_what_they_did_themselves():
    anna = make_user()
    issue = create_issue(actor=actor(anna), values={"title": "Mine", "assignee": anna})
    issue.watchers.add(anna)
    update_issue(actor=actor(anna), issue=issue, changes={"severity": "high"})
    comment_on_issue(actor=actor(anna), issue=issue, body=f"Note to self, @{anna.email}")
    assert told(anna) == []


def test_who_is_mentioned_given_it_and_watching_is_told_once():
    anna, ben = make_user(), make_user()
    issue = make_issue(reporter=anna, watchers=[ben])
    changes = {"assignee": ben, "description": f"Over to @{ben.email}"}
    update_issue(actor=actor(anna), issue=issue, changes=changes)
    assert told(ben) == ["assigned"]
    comment_on_issue(actor=actor(anna), issue=issue, body=f"@{ben.email} @{ben.email} please")
    assert told(ben) == ["assigned", "mentioned"]
    create_issue(actor=actor(anna), values={"title": "x", "assignee": ben, "description": f"@{ben.email}"})
    assert told(ben) == ["assigned", "mentioned", "assigned"]


def test_who_wants_no_mentions_is_still_told_as_one_who_watches():
    anna, ben = make_user(), make_user()
    set_preferences(actor=actor(ben), changes={"mentioned": {"is_listed": False, "mail": "never"}})
    issue = make_issue(watchers=[ben])
    comment_on_issue(actor=actor(anna), issue=issue, body=f"@{ben.email}")
    assert told(ben) == ["watched"]


@pytest.mark.parametrize("tie", ["watcher", "assignee", "mentioned"])
def test_a_reporter_hears_nothing_of_an_issue_of_somebody_else(tie):
    reporter, anna = make_user(Role.REPORTER), make_user()
    issue = make_issue(reporter=anna, watchers=[reporter] if tie == "watcher" else [])
    if tie == "assignee":
        # Made one while they were a maintainer.
        issue.assignee = reporter
        issue.save()
    update_issue(actor=actor(make_user()), issue=issue, changes={"title": "Secret"})
    comment_on_issue(actor=actor(anna), issue=issue, body=f"@{reporter.email}" if tie == "mentioned" else "Secret")
    assert told(reporter) == []


def test_the_reporter_hears_of_their_own_issue():
    reporter, anna = make_user(Role.REPORTER), make_user()
    comment_on_issue(actor=actor(anna), issue=make_issue(reporter=reporter), body="We look into it.")
    assert told(reporter) == ["watched"]


def test_whoever_was_deactivated_is_told_nothing():
    gone = make_user(is_active=False)
    comment_on_issue(actor=actor(make_user()), issue=make_issue(reporter=gone, watchers=[gone]), body="x")
    assert told(gone) == []


def test_no_more_than_a_thousand_are_told_of_one_thing(monkeypatch):
    monkeypatch.setattr("tracker.services.notifications.MAX_RECIPIENTS", 3)
    assert MAX_RECIPIENTS == 1_000
    people = [make_user() for _ in range(5)]
    rows = notify_people(
        actor=Actor.system("test"),
        recipients=[*people, people[0]],
        kind=NotificationKind.WATCHED,
        object_type="",
        object_id="",
        headline="x",
    )
    assert len(rows) == 3


def test_a_thing_that_is_neither_listed_nor_mailed_is_not_kept():
    anna = make_user()
    set_preferences(actor=actor(anna), changes={"assigned": {"is_listed": False, "mail": MailWish.NEVER}})
    create_issue(actor=actor(make_user()), values={"title": "x", "assignee": anna})
    assert told(anna) == []
