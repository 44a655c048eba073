"""What carries comments and files: issues and incidents. The rules are the same; what differs stands here, once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from incidents.models import Incident, Issue
from incidents.services.incident_news import log_incident, tell_incident_mentioned, tell_incident_people
from incidents.services.incident_search import refresh_incident_search
from incidents.services.incidents import lock_incident, visible_incidents
from incidents.services.issue_news import log_issue, tell_mentioned, tell_watchers
from incidents.services.issue_search import refresh_search
from incidents.services.issues import lock_issue, visible_issues
from tracker import access, clock
from tracker.access import Actor

M = TypeVar("M", bound=Model)
Thing = Issue | Incident
MAX_LABEL_CHARACTERS = 254
# Who leads a stranger to one incident by a signed link has checked that link; the rights table knows no strangers.
_DOORKEEPER = Actor.system("doorkeeper")


@dataclass(frozen=True, slots=True)
class Carrier:
    """How one kind of thing is called, seen, locked and told of. `is_internal` is nothing that its reporter learns."""

    word: str
    visible: Callable[[Actor, str], QuerySet[Any]]
    lock_row: Callable[..., Any]
    log_line: Callable[..., None]
    tell_everybody: Callable[..., None]
    tell_those_mentioned: Callable[..., set[int]]
    refresh_words: Callable[[list[int]], None]
    has_internals: bool

    def log(self, actor: Actor, verb: str, thing: Thing, data: dict[str, Any], *, is_internal: bool) -> None:
        """One line about the thing; `verb` without its first word."""
        self.log_line(actor=actor, verb=f"{self.word}.{verb}", data=data, **self._about(thing, is_internal))

    def tell_people(
        self, actor: Actor, thing: Thing, what: str, body: str, *, is_internal: bool, except_ids: set[int] | None = None
    ) -> None:
        """Tells those whom the thing concerns that somebody did `what`."""
        about = self._about(thing, is_internal)
        self.tell_everybody(actor=actor, what=what, body=body, except_ids=except_ids or (), **about)

    def tell_mentioned(self, actor: Actor, thing: Thing, text: str, *, is_internal: bool, known: str = "") -> set[int]:
        """Tells those whom `text` mentions, and `known` did not; whom, by their ids."""
        return self.tell_those_mentioned(actor=actor, text=text, known=known, **self._about(thing, is_internal))

    def _about(self, thing: Thing, is_internal: bool) -> dict[str, Any]:
        return {self.word: thing, "is_internal": is_internal} if self.has_internals else {self.word: thing}


CARRIERS: dict[type[Model], Carrier] = {
    Issue: Carrier(
        word="issue",
        visible=visible_issues,
        lock_row=lock_issue,
        log_line=log_issue,
        tell_everybody=tell_watchers,
        tell_those_mentioned=tell_mentioned,
        refresh_words=refresh_search,
        has_internals=False,
    ),
    Incident: Carrier(
        word="incident",
        visible=visible_incidents,
        lock_row=lock_incident,
        log_line=log_incident,
        tell_everybody=tell_incident_people,
        tell_those_mentioned=tell_incident_mentioned,
        refresh_words=refresh_incident_search,
        has_internals=True,
    ),
}


def carrier_of(thing: Thing) -> Carrier:
    """The rules of this kind of thing."""
    return CARRIERS[type(thing)]


def one_of(issue: Issue | None, incident: Incident | None) -> Thing:
    """The one of the two that a caller names."""
    if (issue is None) == (incident is None):
        raise TypeError("Name an issue or an incident.")
    return issue or incident  # type: ignore[return-value]


def name_outsider(actor: Actor, label: str) -> str:
    """What a row says of who it is of where that is nobody with an account; a sender's name may hold anything."""
    if actor.user is not None:
        return ""
    shown = "".join(character if character.isprintable() else " " for character in label)
    return (" ".join(shown.split()) or actor.label)[:MAX_LABEL_CHARACTERS]


def sees_internals(actor: Actor) -> bool:
    """Whether the actor reads and writes what is kept from reporters."""
    return access.decide(actor, "incidents", "read").is_for_all_rows


def visible_parts(actor: Actor, thing: Thing, resource: str, rows: "QuerySet[M]") -> "QuerySet[M]":
    """Those of `rows` that hang on the thing and that the actor may see."""
    carrier = carrier_of(thing)
    is_seen = access.may(actor, resource, "read") and carrier.visible(actor, "read").filter(pk=thing.pk).exists()
    if not is_seen:
        return rows.none()
    rows = rows.filter(**{carrier.word: thing.pk})
    return rows if sees_internals(actor) else rows.filter(is_internal=False)


def lock_thing(actor: Actor | None, thing: Thing) -> Any:
    """The thing's row, locked and fresh; `actor` is None where a door of its own has let a stranger in.

    Raises:
        NotFound: the actor may not see it, or it is gone.
    """
    return carrier_of(thing).lock_row(actor or _DOORKEEPER, thing, action="read")


def touch(thing: Thing) -> None:
    """Says that something about the thing has changed."""
    type(thing)._default_manager.filter(pk=thing.pk).update(updated_at=clock.now())
