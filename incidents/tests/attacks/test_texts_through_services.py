"""Hostile texts through every service that stores one: kept as they are or refused by field, nothing else."""

from collections.abc import Callable
from itertools import cycle

import pytest

from incidents.intake.tickets import ingest_rows
from incidents.models import Comment, Incident, Issue, Tag, Ticket
from incidents.services.channels import create_channel
from incidents.services.comments import comment_on_incident, comment_on_issue, edit_comment
from incidents.services.issues import create_issue, update_issue
from incidents.services.tags import create_tag, rename_tag
from incidents.services.tickets import change_ticket, comment_on_ticket, create_ticket
from incidents.testing.factories import make_issue, make_issue_comment
from incidents.testing.incident_factories import make_incident
from incidents.testing.ticket_events import make_event
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, DomainError, InvalidInput
from tracker.services.projects import create_project, update_project
from tracker.services.tokens import issue_token
from tracker.services.users import create_user, update_user
from tracker.testing.factories import make_project, make_user
from tracker.testing.nasty import HUGE, UNSTORABLE, WORST, everything, needs_nasty

pytestmark = pytest.mark.django_db
Door = Callable[[Actor, str], str]


def new_title(actor: Actor, text: str) -> str:
    return create_issue(actor=actor, values={"title": text}).title


def new_description(actor: Actor, text: str) -> str:
    return create_issue(actor=actor, values={"title": "x", "description": text}).description


def changed_title(actor: Actor, text: str) -> str:
    return update_issue(actor=actor, issue=Issue.objects.latest("pk"), changes={"title": text}).title


def changed_description(actor: Actor, text: str) -> str:
    return update_issue(actor=actor, issue=Issue.objects.latest("pk"), changes={"description": text}).description


def issue_tag(actor: Actor, text: str) -> str:
    return create_issue(actor=actor, values={"title": "x", "tags": [text]}).tags.get().name


def new_comment(actor: Actor, text: str) -> str:
    return comment_on_issue(actor=actor, issue=Issue.objects.latest("pk"), body=text).body


def edited_comment(actor: Actor, text: str) -> str:
    comment = Comment.objects.filter(issue__isnull=False, author=actor.user).latest("pk")
    return edit_comment(actor=actor, issue=comment.issue, comment=comment, body=text).body


def incident_comment(actor: Actor, text: str) -> str:
    incident = Incident.objects.latest("pk")
    return comment_on_incident(actor=actor, incident=incident, body=text, is_internal=len(text) % 2 == 0).body


def new_tag(actor: Actor, text: str) -> str:
    return create_tag(actor=actor, name=text).name


def renamed_tag(actor: Actor, text: str) -> str:
    return rename_tag(actor=actor, tag=Tag.objects.earliest("pk"), name=text).name


def ticket_comment(actor: Actor, text: str) -> str:
    return comment_on_ticket(actor=actor, ticket=Ticket.objects.earliest("pk"), body=text).body


def opened_ticket(actor: Actor, text: str) -> str:
    return create_ticket(actor=actor, title=text, priority="high", customer_tier="gold").title


def changed_ticket(actor: Actor, text: str) -> str:
    return change_ticket(actor=actor, ticket=Ticket.objects.earliest("pk"), description=text).description


def event_of(field: str, column: str = "") -> Door:
    def tell(actor: Actor, text: str) -> str:
        event = make_event(f"T-{field}-{abs(hash(text))}", "new") | {field: text}
        ingest_rows(actor=actor, rows=[event])
        return str(getattr(Ticket.objects.get(external_id=event["id"]), column or field))

    return tell


def project_name(actor: Actor, text: str) -> str:
    return update_project(actor=actor, project=make_project(), changes={"name": text}).name


def project_key(actor: Actor, text: str) -> str:
    return create_project(actor=actor, key=text, name="x").key


def own_name(actor: Actor, text: str) -> str:
    return update_user(actor=actor, user=actor.user, changes={"full_name": text}).full_name


def address(actor: Actor, text: str) -> str:
    return create_user(actor=actor, email=text).email


def token_name(actor: Actor, text: str) -> str:
    return issue_token(actor=actor, owner=actor.user, name=text, scopes=["read"])[0].name


def channel_name(actor: Actor, text: str) -> str:
    return create_channel(actor=actor, name=text, kind="email", url="a@example.com").name


DOORS: dict[str, Door] = {
    door.__name__: door
    for door in (
        new_title, new_description, changed_title, changed_description, issue_tag, new_comment, edited_comment,
        incident_comment,
        new_tag, renamed_tag, ticket_comment, opened_ticket, changed_ticket, project_name, project_key, own_name,
        address, token_name, channel_name,
    )
}  # fmt: skip
DOORS |= {f"event {field}": event_of(field) for field in ("title", "description", "status", "priority", "url")}
DOORS |= {"event id": event_of("id", "external_id"), "event tier": event_of("customer_tier")}


@pytest.fixture
def actor() -> Actor:
    admin = make_user(Role.ADMIN)
    make_issue_comment(make_issue(tags=["one"]), admin)
    make_incident()
    ingest_rows(actor=Actor.system("test"), rows=[make_event("T-1", "new")])
    return Actor.of_user(admin)


def shape(text: str) -> str:
    """A text without what a service may tidy: outer blanks, runs of them, and capitals in words."""
    return " ".join(text.split()).lower()


def check(door: Door, actor: Actor, text: str) -> None:
    stored = refusal = None
    try:
        stored = door(actor, text)
    except (InvalidInput, Conflict) as error:
        refusal = error
    if refusal is not None:
        assert [detail.field for detail in refusal.details if detail.field], (refusal.message, text)
    else:
        assert shape(stored) == shape(text)


@pytest.mark.parametrize("door", DOORS)
def test_the_worst_texts_are_kept_or_refused_by_name(actor, door):
    for text in WORST.values():
        check(DOORS[door], actor, text)


@pytest.mark.parametrize("door", DOORS)
def test_what_no_database_holds_is_refused_by_name(actor, door):
    # Events are decoded from bytes, which hold no half characters; test_texts_over_http.py sends them.
    is_event = door.startswith("event") or door in ("opened_ticket", "changed_ticket")
    for text in ["a\0b", HUGE] if is_event else [*UNSTORABLE.values(), HUGE]:
        with pytest.raises(DomainError) as refusal:
            DOORS[door](actor, text)
        assert refusal.value.status in (400, 413)
        assert refusal.value.details


@needs_nasty
def test_thousands_of_nasty_texts_find_no_door_that_breaks(actor):
    doors = cycle(DOORS.values())
    for text in everything():
        check(next(doors), actor, text)
