"""What becomes known of a change to an incident: its line in the log, and the people who are told."""

from collections.abc import Collection
from typing import Any

from incidents.models import Incident
from incidents.services.mentions import find_mentioned
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.models import User
from tracker.services.events import log_event
from tracker.services.notifications import notify_people

EXCERPT_CHARACTERS = 500
FIELD_WORDS = {"occurred_at": "time", "loss_estimate": "loss", "latitude": "position", "longitude": "position"}


def log_incident(
    *,
    actor: Actor,
    verb: str,
    incident: Incident,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    is_internal: bool = False,
) -> None:
    """One line about an incident. `reporter` in its data is how the live stream knows whose it is.

    What is internal names no reporter, and `is_internal` keeps it out of what they read of the log.
    """
    facts = {
        "key": incident.key,
        "category": incident.category_id,
        "project": incident.project_id,
        **({"is_internal": True} if is_internal else {"reporter": incident.reporter_id}),
        **(data or {}),
    }
    log_event(actor=actor, verb=verb, obj=incident, before=before, after=after, data=facts)


def tell_incident_assignee(*, actor: Actor, incident: Incident) -> set[int]:
    """Tells whoever has the incident now; whom, by their ids."""
    if incident.assignee is None:
        return set()
    headline = f"{incident.key} is yours: {incident.title}"
    return _tell(actor, incident, [incident.assignee], NotificationKind.ASSIGNED, headline)


def tell_incident_mentioned(
    *, actor: Actor, incident: Incident, text: str, known: str = "", is_internal: bool = False
) -> set[int]:
    """Tells those whom `text` mentions, and `known` did not, if they may see it; whom, by their ids."""
    people = find_mentioned(actor, text, known=known)
    headline = f"{actor.label} mentions you in {incident.key}: {incident.title}"
    return _tell(actor, incident, people, NotificationKind.MENTIONED, headline, text, is_internal=is_internal)


def tell_incident_people(
    *,
    actor: Actor,
    incident: Incident,
    what: str,
    body: str = "",
    except_ids: Collection[int] = (),
    is_internal: bool = False,
) -> None:
    """Tells reporter and assignee that somebody did `what` to the incident; of what is internal, not the reporter."""
    people = [person for person in (incident.reporter, incident.assignee) if person is not None]
    people = [person for person in people if person.pk not in except_ids]
    headline = f"{incident.key}: {actor.label} {what} ({incident.title})"
    _tell(actor, incident, people, NotificationKind.WATCHED, headline, body, is_internal=is_internal)


def tell_incident_changes(
    *, actor: Actor, incident: Incident, fields: Collection[str], except_ids: Collection[int] = ()
) -> None:
    """Tells reporter and assignee which fields somebody changed; `except_ids` know it already."""
    words = ", ".join(sorted({FIELD_WORDS.get(name, name) for name in fields}))
    tell_incident_people(actor=actor, incident=incident, what=f"changed {words}", except_ids=except_ids)


def _tell(
    actor: Actor,
    incident: Incident,
    people: list[User],
    kind: NotificationKind,
    headline: str,
    body: str = "",
    *,
    is_internal: bool = False,
) -> set[int]:
    seeing = [person for person in people if _sees(person, incident, is_internal=is_internal)]
    if not seeing:
        return set()
    rows = notify_people(
        actor=actor,
        recipients=seeing,
        kind=kind,
        object_type="incident",
        object_id=str(incident.pk),
        headline=headline,
        body=body[:EXCERPT_CHARACTERS],
    )
    return {row.recipient_id for row in rows}


def _sees(person: User, incident: Incident, *, is_internal: bool) -> bool:
    return person.role != Role.REPORTER or (person.pk == incident.reporter_id and not is_internal)
