"""Letters to people: notifications that are due become deliveries of one channel, which the outbox sends like alerts.

A letter is addressed and worded when it is sent (incidents/services/letters.py); here it is only decided which
notifications it tells of. All that are due for one person make one letter; letters about an account go alone.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from incidents.choices import ChannelKind, Notice
from incidents.models import Channel, Delivery
from incidents.tasks import DELIVER, ring
from tracker import clock
from tracker.choices import ACCOUNT_LETTERS
from tracker.models import Notification, User
from tracker.services.notifications import GATHERED_FOR

# No channel that people name may have a comma, so nobody can take this one.
PEOPLE = "People, by e-mail"
MAX_PEOPLE = 200
MAX_ROWS = 5_000
# What one letter tells at most; of the rest it says how many there are.
MAX_TOLD = 50
CONSOLE = "django.core.mail.backends.console.EmailBackend"
DUMMY = "django.core.mail.backends.dummy.EmailBackend"


def mail_people_due(*, max_seconds: float) -> int:
    """Writes the letters that are due, batch after batch; answers how many. Any number of sweepers may run it."""
    stop_at = time.monotonic() + max_seconds
    total = 0
    while time.monotonic() < stop_at:
        people, letters = write_letters()
        total += letters
        if not people:
            break
    return total


@transaction.atomic
def write_letters() -> tuple[int, int]:
    """One batch: how many people it dealt with, and how many letters it wrote to them.

    A person is one sweeper's at a time, so that their letter is one and tells everything.
    """
    now = clock.now()
    people = _claim_people(now)
    rows = _take_due(people, now) if people else []
    letters = [] if is_nowhere() else _compose(rows, now)
    if letters:
        Delivery.objects.bulk_create(letters)
        ring(DELIVER)
    return len(people), len(letters)


def post_letters(word: str, payloads: Sequence[Mapping[str, Any]]) -> int:
    """Puts letters of a declared kind into the outbox, in the caller's transaction; answers how many.

    Each payload names its `person`, and whatever the writer of `word` needs to find its rows again.
    """
    if not payloads or is_nowhere():
        return 0
    now, channel = clock.now(), find_people_channel()
    Delivery.objects.bulk_create(
        Delivery(
            channel=channel,
            notice=Notice.LETTER,
            payload={**payload, "letter": word},
            created_at=now,
            next_attempt_at=now,
        )
        for payload in payloads
    )
    ring(DELIVER)
    return len(payloads)


def is_nowhere() -> bool:
    """Whether letters would reach nobody. The console counts where a developer sits before it: in a server's log the
    links of account letters would lie open."""
    return settings.EMAIL_BACKEND == DUMMY or (settings.EMAIL_BACKEND == CONSOLE and settings.IS_PRODUCTION)


def find_people_channel() -> Channel:
    """The one channel of letters, made where it is missing."""
    Channel.objects.bulk_create([Channel(name=PEOPLE, kind=ChannelKind.PERSON)], ignore_conflicts=True)
    return Channel.objects.get(kind=ChannelKind.PERSON)


def _claim_people(now: datetime) -> list[int]:
    due = Notification.objects.filter(mail_at__lte=now).order_by("mail_at").values("recipient")[:MAX_ROWS]
    people = User.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=due)
    return list(people.order_by("pk").values_list("pk", flat=True)[:MAX_PEOPLE])


def _take_due(people: Sequence[int], now: datetime) -> list[tuple[int, int, str]]:
    """Their due notifications, no longer due: (recipient, id, kind), the oldest first; with those of the burst that
    is still being gathered, so that it does not become a second letter."""
    due = Notification.objects.filter(recipient__in=people, mail_at__lte=now + GATHERED_FOR)
    rows = list(due.order_by("recipient", "id").values_list("recipient", "id", "kind")[:MAX_ROWS])
    Notification.objects.filter(pk__in=[pk for _, pk, _ in rows]).update(mail_at=None)
    return rows


def _compose(rows: Sequence[tuple[int, int, str]], now: datetime) -> list[Delivery]:
    alone = [(person, [pk]) for person, pk, kind in rows if kind in ACCOUNT_LETTERS]
    together: dict[int, list[int]] = defaultdict(list)
    for person, pk, kind in rows:
        if kind not in ACCOUNT_LETTERS:
            together[person].append(pk)
    letters = [*alone, *together.items()]
    channel = find_people_channel() if letters else None
    return [
        Delivery(
            channel=channel,
            notice=Notice.LETTER,
            payload={"person": person, "notifications": ids[:MAX_TOLD], "more": max(0, len(ids) - MAX_TOLD)},
            created_at=now,
            next_attempt_at=now,
        )
        for person, ids in letters
    ]
