"""What becomes known of a change: its line in the log, and the people who are told."""

from typing import Any

from incidents.models import Issue
from incidents.rich_text import find_mentions
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.models import User
from tracker.services.events import log_event
from tracker.services.notifications import notify_people

MAX_WATCHERS_TOLD = 1_000
EXCERPT_CHARACTERS = 500


def log_issue(
    *,
    actor: Actor,
    verb: str,
    issue: Issue,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """One line about an issue. `reporter` in its data is how the live stream knows whose issue it is."""
    facts = {"key": issue.key, "project": issue.project_id, "reporter": issue.reporter_id, **(data or {})}
    log_event(actor=actor, verb=verb, obj=issue, before=before, after=after, data=facts)


def tell_assignee(*, actor: Actor, issue: Issue) -> None:
    """Tells whoever has the issue now."""
    if issue.assignee is not None:
        _tell(actor, issue, [issue.assignee], NotificationKind.ASSIGNED, f"{issue.key} is yours: {issue.title}")


def tell_mentioned(*, actor: Actor, issue: Issue, text: str, known: str = "") -> set[int]:
    """Tells those whom `text` mentions, and `known` did not, if they may see the issue; whom, by their ids."""
    addresses = find_mentions(text) - find_mentions(known)
    people = list(User.objects.filter(email__in=addresses, is_active=True)) if addresses else []
    people = [person for person in people if person.role != Role.REPORTER or person.pk == issue.reporter_id]
    headline = f"{actor.label} mentions you in {issue.key}: {issue.title}"
    _tell(actor, issue, people, NotificationKind.MENTIONED, headline, text)
    return {person.pk for person in people}


def tell_watchers(*, actor: Actor, issue: Issue, what: str, body: str = "", except_ids: set[int] | None = None) -> None:
    """Tells reporter, assignee and watchers that somebody did `what` to the issue."""
    people = {person.pk: person for person in (issue.reporter, issue.assignee) if person is not None}
    for person in issue.watchers.filter(is_active=True).defer("password")[:MAX_WATCHERS_TOLD]:
        if person.role != Role.REPORTER or person.pk == issue.reporter_id:
            people[person.pk] = person
    for pk in except_ids or ():
        people.pop(pk, None)
    headline = f"{issue.key}: {actor.label} {what} ({issue.title})"
    _tell(actor, issue, list(people.values()), NotificationKind.WATCHED, headline, body)


def _tell(
    actor: Actor, issue: Issue, people: list[User], kind: NotificationKind, headline: str, body: str = ""
) -> None:
    if people:
        notify_people(
            actor=actor,
            recipients=people,
            kind=kind,
            object_type="issue",
            object_id=str(issue.pk),
            headline=headline,
            body=body[:EXCERPT_CHARACTERS],
        )
