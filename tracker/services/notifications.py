"""Telling people: one row each, in the transaction of what they are told of."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from tracker import clock
from tracker.access import Actor
from tracker.choices import MailWish, NotificationKind
from tracker.models import Notification, NotificationPreference, User

DIGEST_AT = time(8)
# "At once" waits this long, so that a triage of two hundred issues is one letter and not two hundred.
GATHERED_FOR = timedelta(seconds=10)
MAX_RECIPIENTS = 1_000
MAX_HEADLINE_CHARACTERS = 200
MAX_BODY_CHARACTERS = 2_000


def notify_people(
    *,
    actor: Actor,
    recipients: Iterable[User],
    kind: NotificationKind,
    object_type: str,
    object_id: str,
    headline: str,
    body: str = "",
) -> list[Notification]:
    """Tells each active recipient once, as they wish to be told, and MAX_RECIPIENTS at most; nobody is told what they
    did themselves. Answers with the rows of those who were told."""
    own_id = actor.user.pk if actor.user is not None else None
    told = (person for person in recipients if person.is_active and person.pk != own_id)
    people = {person.pk: person for person in islice(told, MAX_RECIPIENTS)}
    if not people:
        return []
    wishes = {
        wish.person_id: wish for wish in NotificationPreference.objects.filter(person__in=people.keys(), kind=kind)
    }
    now = clock.now()
    rows = []
    for pk, person in people.items():
        wish = wishes.get(pk) or NotificationPreference.unspoken(person, kind)
        mail_at = find_mail_time(MailWish(wish.mail), person.timezone, now)
        if wish.is_listed or mail_at is not None:
            rows.append(
                Notification(
                    recipient=person,
                    kind=kind,
                    object_type=object_type,
                    object_id=object_id,
                    headline=headline[:MAX_HEADLINE_CHARACTERS],
                    body=body[:MAX_BODY_CHARACTERS],
                    actor_label=actor.label[:120],
                    created_at=now,
                    is_listed=wish.is_listed,
                    mail_at=mail_at,
                )
            )
    return Notification.objects.bulk_create(rows)


def find_mail_time(wish: MailWish, timezone: str, now: datetime) -> datetime | None:
    """When a letter about something that happens `now` is due: never, in a moment, or at the next eight o'clock
    there."""
    if wish == MailWish.NEVER:
        return None
    if wish == MailWish.AT_ONCE:
        return now + GATHERED_FOR
    local = now.astimezone(ZoneInfo(timezone))
    digest = local.replace(hour=DIGEST_AT.hour, minute=0, second=0, microsecond=0)
    if digest <= local:
        digest = (local + timedelta(days=1)).replace(hour=DIGEST_AT.hour, minute=0, second=0, microsecond=0)
    return digest.astimezone(now.tzinfo)
