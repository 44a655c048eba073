"""What people who report read: how far their report is, in plain words."""

from dataclasses import dataclass

from incidents.choices import IncidentStatus
from incidents.models import Comment
from incidents.portal.senders import Sender

STEPS = {
    IncidentStatus.OPEN: ("Received", "We have your report. Nobody has looked at it yet."),
    IncidentStatus.TRIAGED: ("Looked at", "Somebody has read it and settled who takes care of it."),
    IncidentStatus.IN_PROGRESS: ("In progress", "Somebody is working on it."),
    IncidentStatus.DONE: ("Closed", "The work on it is finished."),
}
OURS = "The team"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a report's way; `state` is done, current or open."""

    name: str
    state: str


def name_status(status: str) -> str:
    """The word for a status."""
    return STEPS[IncidentStatus(status)][0]


def explain_status(status: str) -> str:
    """What a status means for whoever reported."""
    return STEPS[IncidentStatus(status)][1]


def list_steps(status: str) -> list[Step]:
    """The whole way, and where on it the report is."""
    order = list(STEPS)
    reached = order.index(IncidentStatus(status))
    states = ["done"] * reached + ["current"] + ["open"] * (len(order) - reached - 1)
    return [Step(STEPS[status][0], state) for status, state in zip(order, states, strict=True)]


def name_author(comment: Comment, sender: Sender) -> str:
    """Who wrote a comment: never an address, which is nobody's business here."""
    if comment.author_id is None:
        return "You" if sender.is_unknown else "Somebody without an account"
    if sender.actor.user is not None and comment.author_id == sender.actor.user.pk:
        return "You"
    return comment.author.full_name if comment.author and comment.author.full_name else OURS
