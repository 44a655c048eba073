"""One timeline of an incident: what happened to it, and to what it is linked with."""

from datetime import timedelta

import pytest

from incidents.admin.incident_timeline import read_incident_timeline
from incidents.admin.timeline import PAGE_SIZE
from incidents.choices import HookKind
from incidents.models import Comment, Hook, HookSignal
from incidents.services.attachments import attach_file
from incidents.services.comments import comment_on_incident, comment_on_issue
from incidents.services.incident_links import link_incident, unlink_incident
from incidents.services.incident_moves import move_incident
from incidents.services.incidents import update_incident
from incidents.services.issue_moves import move_issue
from incidents.services.tickets import comment_on_ticket
from incidents.testing.factories import make_alert, make_issue, make_ticket, make_ticket_event
from incidents.testing.incident_factories import make_incident
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.files.uploads import Upload
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer():
    return Actor.of_user(make_user(Role.MAINTAINER))


@pytest.fixture
def reporter():
    return Actor.of_user(make_user(Role.REPORTER))


@pytest.fixture
def incident(reporter):
    return make_incident(actor=reporter, title="Bike gone")


def told(timeline):
    return [(entry.subject, entry.words) for entry in timeline.entries]


def make_signal(incident, **fields):
    hook = Hook.objects.create(
        name="Prometheus", kind=HookKind.ALERTMANAGER, prefix="abc", digest=b"0" * 32, created_at=clock.now()
    )
    now = clock.now()
    values = {"hook": hook, "fingerprint": "f00", "incident": incident, "first_at": now, "last_at": now, **fields}
    return HookSignal.objects.create(**values)


def test_own_and_linked_entries_are_merged_and_name_what_they_are_about(officer, incident, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    issue, ticket, other = make_issue(), make_ticket(), make_incident(title="Same bike")
    for target, kind in ((issue, "caused_by"), (ticket, "relates"), (other, "duplicates")):
        link_incident(actor=officer, incident=incident, target=target, kind=kind)
    move_incident(actor=officer, incident=incident, status="TRIAGED")
    comment_on_incident(actor=officer, incident=incident, body="The cook?", is_internal=True)
    update_incident(actor=officer, incident=incident, changes={"severity": "high"})
    with Upload.of_chunks("gate.txt", [b"x"]) as upload:
        attach_file(actor=officer, incident=incident, upload=upload)
    move_issue(actor=officer, issue=issue, status="TRIAGED")
    comment_on_issue(actor=officer, issue=issue, body="Lock was broken.")
    comment_on_ticket(actor=officer, ticket=ticket, body="Customer waits.")
    comment_on_incident(actor=officer, incident=other, body="Seen twice.")
    make_ticket_event(ticket)
    make_alert(ticket)
    make_signal(incident, count=3, is_open=False, closed_at=clock.now())
    seen = told(read_incident_timeline(officer, incident))
    about = f"ticket:{ticket.external_id}"
    for entry in [
        ("", "Opened"),
        ("", "Internal comment"),
        ("", "Severity medium → high"),
        ("", "File"),
        ("", f"Linked: caused_by {issue.key}"),
        ("", f"Linked: duplicates {other.key}"),
        (issue.key, "Open → Triaged"),
        (issue.key, "Comment"),
        (about, "Comment"),
        (about, "Open, priority high, tier gold"),
        (other.key, "Comment"),
        (other.key, "Opened"),
        ("", "Signal f00 began"),
        ("", "Signal f00 came again, 3 times by now"),
        ("", "Signal f00 ended"),
    ]:
        assert seen.count(entry) == 1, (entry, seen)
    assert any(subject == about and "at 85 %" in words for subject, words in seen)
    assert sum(words.startswith("Open → Triaged, after") for _, words in seen) == 1
    link = incident.links.get(issue=issue)
    unlink_incident(actor=officer, incident=incident, link=link)
    seen = told(read_incident_timeline(officer, incident))
    assert issue.key not in {subject for subject, _ in seen}
    assert ("", "Link removed") in seen


def test_a_reporter_reads_the_public_part_of_their_own_alone(officer, reporter, incident):
    issue = make_issue(reporter=reporter.user)
    link_incident(actor=officer, incident=incident, target=issue, kind="relates")
    comment_on_incident(actor=officer, incident=incident, body="The cook?", is_internal=True)
    comment_on_incident(actor=officer, incident=incident, body="We look.")
    make_signal(incident)
    assert sorted(told(read_incident_timeline(reporter, incident))) == [("", "Comment"), ("", "Opened")]
    stranger = Actor.of_user(make_user(Role.REPORTER))
    entries = read_incident_timeline(stranger, incident).entries
    assert [entry for entry in entries if entry.comment] == []


def test_pages_lose_nothing_and_cost_the_same_however_much_is_linked(officer, incident, django_assert_max_num_queries):
    for number in range(5):
        issue = make_issue()
        link_incident(actor=officer, incident=incident, target=issue, kind="relates")
        for moment in range(30):
            at = clock.now() - timedelta(minutes=number * 100 + moment)
            Comment.objects.create(issue=issue, author=officer.user, body=f"{number}.{moment}", created_at=at)
    with django_assert_max_num_queries(12):
        page = read_incident_timeline(officer, incident)
    bodies, pages = [], 0
    while True:
        pages += 1
        bodies += [entry.comment.body for entry in page.entries if entry.comment]
        if page.older_than is None:
            break
        page = read_incident_timeline(officer, incident, page.older_than)
    assert pages == 1 + 156 // PAGE_SIZE
    assert len(bodies) == len(set(bodies)) == 150
