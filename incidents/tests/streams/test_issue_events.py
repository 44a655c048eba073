"""What the live stream tells of issues: everybody who may see an issue hears of it, and nobody else."""

import json

import pytest

from incidents.services.comments import comment_on_issue
from incidents.services.issues import create_issue, update_issue
from incidents.services.tags import create_tag
from incidents.tests.streams.conftest import SYSTEM, bearer, make_jwt, make_session, make_token
from incidents.tests.streams.test_event_stream import Reader
from tracker.access import Actor
from tracker.choices import Role
from tracker.services.events import log_event
from tracker.services.users import change_role
from tracker.testing.factories import make_project, make_user


@pytest.fixture
def reporter(transactional_db):
    return make_user(Role.REPORTER)


def issue_of(person, title="It broke"):
    project = make_project(members=[person])
    return create_issue(actor=Actor.of_user(person), values={"title": title}, project=project)


def hear(reader):
    """Type and data of all events up to the one that everybody hears."""
    found = []
    while not found or found[-1][0] != "tag.created":
        event = json.loads(reader.events(1)[0]["data"])
        found.append((event["type"], event["data"]))
    reader.close()
    return found[:-1]


def test_a_reporter_hears_of_their_own_issues_and_of_nobody_else_s(server, maintainer, reporter):
    other = make_user(Role.REPORTER)
    readers = {
        "by JWT": Reader(server, bearer(make_jwt(reporter))),
        "by token": Reader(server, bearer(make_token(reporter))),
        "by session": Reader(server, make_session(reporter)),
        "other": Reader(server, bearer(make_jwt(other))),
        "maintainer": Reader(server, make_session(maintainer)),
        "maintainer's token": Reader(server, bearer(make_token(maintainer))),
    }
    issue, theirs = issue_of(reporter), issue_of(other)
    update_issue(actor=Actor.of_user(maintainer), issue=issue, changes={"severity": "high"})
    comment_on_issue(actor=Actor.of_user(maintainer), issue=theirs, body="Looking.")
    update_issue(actor=Actor.of_user(maintainer), issue=theirs, changes={"title": "Secret"})
    log_event(actor=SYSTEM, verb="attachment.added", object_type="attachment", object_id="1", data={})
    log_event(actor=SYSTEM, verb="attachment.added", object_type="attachment", data={"reporter": reporter.pk})
    create_tag(actor=Actor.of_user(maintainer), name="everybody-reads-tags")
    heard = {name: hear(reader) for name, reader in readers.items()}
    own = ["issue.created", "issue.updated", "attachment.added"]
    for name in ("by JWT", "by token", "by session"):
        assert [verb for verb, _ in heard[name]] == own
        assert {data["reporter"] for _, data in heard[name]} == {reporter.pk}
    assert [verb for verb, _ in heard["other"]] == ["issue.created", "issue.commented", "issue.updated"]
    for name in ("maintainer", "maintainer's token"):
        assert len([verb for verb, _ in heard[name] if verb.startswith("issue.")]) == 5
    assert "Secret" not in json.dumps(heard)


def test_who_asks_for_issues_alone_hears_of_nothing_else(server, maintainer):
    reader = Reader(server, make_session(maintainer), "?types=issue,tag")
    issue_of(maintainer)
    log_event(actor=SYSTEM, verb="alert.fired", object_type="alert", object_id="1")
    create_tag(actor=Actor.of_user(maintainer), name="last")
    assert [verb for verb, _ in hear(reader)] == ["issue.created"]


@pytest.mark.attack
def test_a_new_role_ends_the_connection_with_the_old_rights(server, maintainer):
    readers = [Reader(server, bearer(make_jwt(maintainer))), Reader(server, make_session(maintainer))]
    change_role(actor=SYSTEM, user=maintainer, role=Role.REPORTER)
    for reader in readers:
        # Returns where the connection ends; what it was sent until then matters to nobody.
        reader.response.read()
    again = Reader(server, bearer(make_jwt(maintainer)))
    issue_of(make_user(Role.REPORTER))
    create_tag(actor=SYSTEM, name="last")
    assert hear(again) == []
