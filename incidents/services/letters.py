"""What a letter to a person says, made from the rows behind it at the moment it is sent."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from incidents.channels.base import LetterItem, PersonalLetter
from incidents.services.letter_writers import find_writer
from incidents.services.mail_threads import open_thread
from tracker.access import Actor
from tracker.choices import ACCOUNT_LETTERS
from tracker.models import Notification, User
from tracker.services.letters import compose_letter
from tracker.subjects import all_subjects, find_seen

WISHES_PAGE = "/admin/tracker/notification/preferences/"
WISHES_ADDRESS = "/v1/notifications/preferences"


def write_letter(payload: dict[str, Any]) -> PersonalLetter | None:
    """The letter of a delivery; None where it is not wanted any more, or there is nothing left to tell.

    The address is the person's present one. What they may not see any more, and what is gone, is left out.
    """
    if "letter" in payload:
        return find_writer(payload["letter"])(payload)
    rows = Notification.objects.filter(pk__in=payload["notifications"], recipient=payload["person"])
    found = list(rows.select_related("recipient").defer("recipient__password").order_by("id"))
    if not found:
        return None
    if found[0].kind in ACCOUNT_LETTERS:
        return _account_letter(found[0])
    return _news(found[0].recipient, found, int(payload.get("more", 0)))


def _account_letter(notification: Notification) -> PersonalLetter | None:
    # Afresh, with the password: the links of these letters are signed over it.
    notification = Notification.objects.select_related("recipient").get(pk=notification.pk)
    letter = compose_letter(notification)
    if letter is None:
        return None
    return PersonalLetter(
        to=notification.recipient.email,
        headline=letter.subject,
        greeting=_greet(None),
        paragraphs=letter.paragraphs,
        link=letter.link,
        link_label=letter.link_label,
    )


def _news(person: User, rows: list[Notification], more: int) -> PersonalLetter | None:
    if not person.is_active or person.is_unconfirmed:
        return None
    actor = Actor.of_user(person)
    seen = find_seen(actor, [(row.object_type, row.object_id) for row in rows])
    items = tuple(_item(actor, row) for row in rows if (row.object_type, row.object_id) in seen)
    if not items:
        return None
    count = len(items) + more
    headline = items[0].headline if count == 1 else f"{count} things that concern you"
    # A letter about several things cannot be answered: nobody could tell which of them is meant.
    thread = open_thread(person, *seen.pop()) if len(seen) == 1 and not more else None
    return PersonalLetter(
        to=person.email,
        headline=thread.mark(headline) if thread is not None else headline,
        greeting=_greet(person),
        items=items,
        more=more,
        wishes_link=settings.SITE_URL + (WISHES_PAGE if person.is_staff else WISHES_ADDRESS),
        reply_to=thread.reply_to if thread is not None else "",
        reference=thread.reference if thread is not None else "",
    )


def _item(actor: Actor, row: Notification) -> LetterItem:
    subject = all_subjects().get(row.object_type)
    link = settings.SITE_URL + subject.link(actor, row.object_id) if subject else ""
    zone = row.recipient.timezone
    when = f"{row.created_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"
    return LetterItem(row.headline, row.body, link, when)


def _greet(person: User | None) -> str:
    return f"Hello {person.full_name}," if person is not None and person.full_name else "Hello,"
