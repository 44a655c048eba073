"""What becomes known of a change: its line in the log, and the people who are told."""

from collections.abc import Collection
from typing import Any

from incidents.models import Issue
from incidents.services.mentions import find_mentioned
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.models import User
from tracker.services.events import log_event
from tracker.services.notifications import notify_people

MAX_WATCHERS_TOLD = 1_000
EXCERPT_CHARACTERS = 500
# What people call a field, where its name is not what they call it.
FIELD_WORDS = {"due_on": "due day", "key": "project"}


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


def tell_assignee(*, actor: Actor, issue: Issue) -> set[int]:
    """Tells whoever has the issue now; whom, by their ids."""
    if issue.assignee is None:
        return set()
    return _tell(actor, issue, [issue.assignee], NotificationKind.ASSIGNED, f"{issue.key} is yours: {issue.title}")


def tell_mentioned(
    *, actor: Actor, issue: Issue, text: str, known: str = "", except_ids: Collection[int] = ()
) -> set[int]:
    """Tells those whom `text` mentions, and `known` did not, if they may see the issue; whom, by their ids."""
    headline = f"{actor.label} mentions you in {issue.key}: {issue.title}"
    people = [person for person in find_mentioned(actor, text, known=known) if person.pk not in except_ids]
    return _tell(actor, issue, people, NotificationKind.MENTIONED, headline, text)


def tell_watchers(*, actor: Actor, issue: Issue, what: str, body: str = "", except_ids: Collection[int] = ()) -> None:
    """Tells reporter, assignee and watchers that somebody did `what` to the issue; `except_ids` know it already."""
    people = {person.pk: person for person in (issue.reporter, issue.assignee) if person is not None}
    for person in issue.watchers.filter(is_active=True).defer("password")[:MAX_WATCHERS_TOLD]:
        people[person.pk] = person
    for pk in except_ids:
        people.pop(pk, None)
    headline = f"{issue.key}: {actor.label} {what} ({issue.title})"
    _tell(actor, issue, list(people.values()), NotificationKind.WATCHED, headline, body)


def tell_changes(*, actor: Actor, issue: Issue, fields: Collection[str], except_ids: Collection[int] = ()) -> None:
    """Tells reporter, assignee and watchers which fields somebody changed; `except_ids` know it already."""
    words = ", ".join(sorted(FIELD_WORDS.get(name, name) for name in fields))
    tell_watchers(actor=actor, issue=issue, what=f"changed {words}", except_ids=except_ids)


def _tell(
    actor: Actor, issue: Issue, people: list[User], kind: NotificationKind, headline: str, body: str = ""
) -> set[int]:
    """Tells those of `people` who may see the issue; answers who was told, by their ids."""
    seeing = [person for person in people if person.role != Role.REPORTER or person.pk == issue.reporter_id]
    if not seeing:
        return set()
    rows = notify_people(
        actor=actor,
        recipients=seeing,
        kind=kind,
        object_type="issue",
        object_id=str(issue.pk),
        headline=headline,
        body=body[:EXCERPT_CHARACTERS],
    )
    return {row.recipient_id for row in rows}
