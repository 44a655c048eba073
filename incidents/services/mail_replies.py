"""Whom a mail speaks for, and which incident or issue it goes on about.

An address in a mail is forged with ease, so it gives no right. A token of ours speaks for its person; the operator's
mail server may vouch for a sender's domain; anybody else may only go on about what they have begun, and is named by
their address.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from incidents.choices import MailOutcome
from incidents.intake.mail_kinds import OwnMail
from incidents.intake.mail_messages import ParsedMail
from incidents.models import Delivery, Incident, Issue, MailMessage
from incidents.services.carriers import Thing
from incidents.services.incidents import find_incident, visible_incidents
from incidents.services.issues import find_issue, visible_issues
from incidents.services.mail_threads import find_mark
from incidents.services.mail_tokens import find_reply_right, own_addresses, own_domain
from tracker.access import Actor
from tracker.models import Notification, User

TALK = (MailOutcome.INCIDENT, MailOutcome.ISSUE, MailOutcome.COMMENT)
UNKNOWN_SENDER = "unknown sender"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whom a mail speaks for. `actor` is a person whose word this is, or Tracker; `label` then names the sender."""

    actor: Actor
    label: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a mail goes on about, and who may say so."""

    thing: Thing
    speaker: Speaker
    note: str = ""


def own_mail() -> OwnMail:
    """How our own letters are known."""
    return OwnMail(addresses=own_addresses())


def find_speaker(system: Actor, mail: ParsedMail) -> Speaker:
    """The user whose address it is, where the operator's mail server vouches for it; else Tracker, for a stranger."""
    if mail.is_sender_vouched:
        person = User.objects.filter(email=mail.sender, is_active=True, is_unconfirmed=False).first()
        if person is not None:
            return Speaker(Actor.of_user(person, request_id=system.request_id), "")
    return Speaker(system, mail.sender or UNKNOWN_SENDER)


def find_answered(system: Actor, mail: ParsedMail, speaker: Speaker) -> Answered | None:
    """What the mail answers; None where it answers nothing, or nothing that whoever sent it may speak about."""
    ids = [mail.in_reply_to, *reversed(mail.references)]
    right = find_reply_right(recipients=mail.recipients, message_ids=ids)
    if right is not None:
        thing = _find_seen(Actor.of_user(right.person), right.object_type, right.object_id)
        if thing is not None:
            return _answer_by_token(system, mail, speaker, thing, right.person)
    for thing, addresses in _things_named(system, mail, ids):
        if speaker.actor.user is not None:
            if _is_seen(speaker.actor, thing):
                return Answered(thing, speaker)
        elif mail.sender and (mail.sender in addresses or _takes_part(thing, mail.sender)):
            return Answered(thing, _stranger(system, mail))
    return None


def _answer_by_token(system: Actor, mail: ParsedMail, speaker: Speaker, thing: Thing, person: User) -> Answered:
    """The word of the token's person; or, where the sender is another user to whom the token was passed on by an
    answer to all, the word of that one, by account only where the operator's mail server vouches for it."""
    is_another = mail.sender != person.email and User.objects.filter(email=mail.sender).exists()
    if not is_another:
        note = f"sent from {mail.sender or UNKNOWN_SENDER}" if mail.sender != person.email else ""
        return Answered(thing, Speaker(Actor.of_user(person, request_id=system.request_id), ""), note)
    is_seen = speaker.actor.user is not None and _is_seen(speaker.actor, thing)
    return Answered(thing, speaker if is_seen else _stranger(system, mail), f"by the token of {person.email}")


def find_deliveries(message_ids: tuple[str, ...]) -> list[Delivery]:
    """Our letters among these ids."""
    keys = [key for message_id in message_ids if (key := _own_key(message_id)) is not None]
    return list(Delivery.objects.filter(key__in=keys).select_related("channel")) if keys else []


def is_own_letter(mail: ParsedMail) -> bool:
    """Whether the mail is one of our letters that came round."""
    return bool(find_deliveries((mail.message_id,)))


def _things_named(system: Actor, mail: ParsedMail, ids: list[str]) -> Iterator[tuple[Thing, set[str]]]:
    """What the mail names, with the addresses that may speak about it because only they were sent what it answers."""
    for message_id in dict.fromkeys(ids):
        known = MailMessage.objects.filter(Q(incident__isnull=False) | Q(issue__isnull=False), message_id=message_id)
        for row in known.select_related("incident", "issue__project")[:1] if message_id else ():
            thing = row.incident or row.issue
            if thing is not None:
                yield thing, set()
        for letter in find_deliveries((message_id,)):
            yield from _things_of_letter(system, letter)
    mark = find_mark(mail.subject)
    found: Thing | None = (find_incident(system, mark) or find_issue(system, mark)) if mark else None
    if found is not None:
        yield found, set()


def _things_of_letter(system: Actor, letter: Delivery) -> Iterator[tuple[Thing, set[str]]]:
    payload = letter.payload or {}
    person = User.objects.filter(pk=int(payload.get("person") or 0), is_active=True).first()
    if person is None:
        return
    told = Notification.objects.filter(recipient=person, pk__in=payload.get("notifications", []))
    objects = set(told.values_list("object_type", "object_id")[:50])
    if len(objects) != 1:
        return
    object_type, object_id = objects.pop()
    thing = _find_seen(Actor.of_user(person), object_type, int(object_id)) if object_id.isdecimal() else None
    if thing is not None:
        yield thing, {person.email.lower()}


def _takes_part(thing: Thing, sender: str) -> bool:
    """Whether the sender reported it by mail, or was heard about it before."""
    if thing.reporter_id is None and thing.reporter_label.lower() == sender:
        return True
    return thing.mails.filter(sender=sender, outcome__in=TALK).exists()


def _find_seen(actor: Actor, object_type: str, object_id: int) -> Thing | None:
    """The incident or issue, if the actor may see it now."""
    if object_type == "incident":
        incident: Incident | None = visible_incidents(actor, "read").filter(pk=object_id).first()
        return incident
    if object_type == "issue":
        issue: Issue | None = visible_issues(actor, "read").select_related("project").filter(pk=object_id).first()
        return issue
    return None


def _is_seen(actor: Actor, thing: Thing) -> bool:
    return _find_seen(actor, thing._meta.model_name or "", thing.pk) is not None


def _stranger(system: Actor, mail: ParsedMail) -> Speaker:
    return Speaker(system, f"{(mail.sender or UNKNOWN_SENDER)[:240]} (by mail)")


def _own_key(message_id: str) -> uuid.UUID | None:
    name, _, domain = message_id.partition("@")
    if domain.lower() != own_domain() or len(name) != 36:
        return None
    try:
        return uuid.UUID(name)
    except ValueError:
        return None
