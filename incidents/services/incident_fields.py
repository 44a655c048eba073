"""What the fields of an incident may hold, and who may write which."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from incidents.choices import EnrichmentState, Recovery
from incidents.models import Incident, IncidentCategory
from incidents.rich_text import render_markdown, strip_markdown
from incidents.services.field_checks import (
    MAX_TITLE_CHARACTERS,
    check_assignee,
    check_description,
    check_severity,
    check_text,
    check_title,
    refuse_fields,
    run_checks,
)
from tracker import clock
from tracker.access import Actor, writable_fields
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput
from tracker.models import User

MAX_PLACE_CHARACTERS = 300
MAX_LOSS = Decimal("9999999999.99")
EARLIEST_YEAR = 1970
# A sender's clock may be a little ahead of ours.
LEEWAY = timedelta(minutes=5)
DERIVED_TITLE_CHARACTERS = 80
# A text that begins with more lines that say nothing is called by its category.
MAX_LINES = 20


def incident_fields_of(actor: Actor, *, is_new: bool) -> frozenset[str]:
    """The fields that `actor` may write; a token those of its owner."""
    if actor.user is not None and actor.user.role == Role.REPORTER:
        return writable_fields("incidents.new" if is_new else "incidents.rep")
    return writable_fields("incidents.mnt")


def check_incident_fields(actor: Actor, names: Collection[str], *, incident: Incident | None = None) -> None:
    """Refuses fields that `actor` may not write: of a new incident, or of the one that is given.

    Raises:
        InvalidInput: naming each. Conflict: reporters change theirs only before Tracker has begun to enrich it.
    """
    refuse_fields(names, incident_fields_of(actor, is_new=incident is None))
    if incident is not None and not may_still_change(actor, incident):
        raise Conflict(f"{incident.key} is being worked on already; add a comment instead.")


def may_still_change(actor: Actor, incident: Incident) -> bool:
    """Whether the state of the incident lets the actor change it; its rights are another question."""
    is_reporter = actor.user is not None and actor.user.role == Role.REPORTER
    return not is_reporter or incident.enrichment == EnrichmentState.NEW


def clean_incident_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept, `description_html` with them.

    Raises:
        InvalidInput: naming each field that breaks a rule, and the rule.
    """
    cleaned = run_checks(values, CHECKS)
    if "description" in cleaned:
        cleaned["description_html"] = render_markdown(cleaned["description"])
    return cleaned


def check_whole(values: Mapping[str, Any]) -> None:
    """What only the fields together can break.

    Raises:
        InvalidInput: half a pair of coordinates, or neither title nor description.
    """
    if (values.get("latitude") is None) != (values.get("longitude") is None):
        missing = "latitude" if values.get("latitude") is None else "longitude"
        raise InvalidInput.of_field(missing, "Send latitude and longitude together, or neither.")
    if values.get("category") is None:
        raise InvalidInput.of_field("category", "Say what kind of thing happened.")
    if not values.get("title") and not values.get("description"):
        raise InvalidInput.of_field("description", "Say what happened, in a title or a description.")


def derive_title(values: Mapping[str, Any]) -> str:
    """The title, or the beginning of the description where there is none: people in a hurry write one text."""
    if values.get("title"):
        return str(values["title"])
    lines = (strip_markdown(line[:MAX_TITLE_CHARACTERS]) for line in values["description"].splitlines()[:MAX_LINES])
    line = " ".join(next(filter(None, lines), "").split())
    if len(line) > DERIVED_TITLE_CHARACTERS:
        line = line[:DERIVED_TITLE_CHARACTERS].rsplit(" ", 1)[0] + " …"
    return line or str(values["category"])


def follow_description(incident: Incident, values: dict[str, Any]) -> None:
    """Gives a title that was the beginning of the description the beginning of the new one."""
    if "title" in values or not values.get("description"):
        return
    known = {"description": incident.description, "category": incident.category}
    if incident.title == derive_title(known):
        values["title"] = derive_title({**known, "description": values["description"]})


def incident_facts(incident: Incident, names: Iterable[str]) -> dict[str, Any]:
    """The values of some fields as the log keeps them."""
    facts: dict[str, Any] = {}
    for name in names:
        value = getattr(incident, name)
        if isinstance(value, User):
            facts[name] = value.email
        elif isinstance(value, IncidentCategory):
            facts[name] = value.key
        else:
            facts[name] = str(value) if hasattr(value, "pk") or isinstance(value, Decimal) else value
    return facts


def _check_place(text: Any) -> str:
    return " ".join(check_text(text, longest=MAX_PLACE_CHARACTERS).split())


def _check_category(category: Any) -> Any:
    if category is None or category.archived_at is not None:
        raise ValueError("Must be a category that is not archived.")
    return category


def _check_recovery(word: Any) -> str:
    if word not in Recovery.values:
        raise ValueError(f"One of {', '.join(Recovery.values)}.")
    return str(word)


def _check_degrees(limit: int) -> Callable[[Any], float | None]:
    def check(number: Any) -> float | None:
        if number is None:
            return None
        is_number = isinstance(number, int | float | Decimal) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number) or not -limit <= number <= limit:
            raise ValueError(f"A number from -{limit} to {limit}.")
        return float(number)

    return check


def _check_loss(amount: Any) -> Decimal | None:
    if amount is None:
        return None
    try:
        loss = Decimal(str(amount))
    except InvalidOperation:
        loss = Decimal("NaN")
    if not loss.is_finite() or not 0 <= loss <= MAX_LOSS:
        raise ValueError(f"An amount from 0 to {MAX_LOSS:,}.")
    return loss.quantize(Decimal("0.01"))


def _check_occurrence(moment: Any) -> Any:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError("A moment with its time zone.")
    if moment.year < EARLIEST_YEAR or moment > clock.now() + LEEWAY:
        raise ValueError(f"From {EARLIEST_YEAR} until now.")
    return moment


def _check_project(project: Any) -> Any:
    if project is not None and project.archived_at is not None:
        raise ValueError("Must be a project that is not archived.")
    return project


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "category": _check_category,
    "title": check_title,
    "description": check_description,
    "severity": check_severity,
    "place": _check_place,
    "latitude": _check_degrees(90),
    "longitude": _check_degrees(180),
    "project": _check_project,
    "occurred_at": _check_occurrence,
    "loss_estimate": _check_loss,
    "recovery": _check_recovery,
    "assignee": check_assignee,
}
