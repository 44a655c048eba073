"""Whom a text mentions as `@name@example.com`."""

from incidents.rich_text import find_mentions
from tracker.access import Actor
from tracker.models import User


def find_mentioned(actor: Actor, text: str, *, known: str = "") -> list[User]:
    """The active people whom `text` mentions, and `known` did not; whether they may see it is the caller's to say.

    Only people mention people: of what strangers, senders and mails say, those hear whom it concerns.
    """
    if actor.user is None:
        return []
    addresses = find_mentions(text) - find_mentions(known)
    return list(User.objects.filter(email__in=addresses, is_active=True)) if addresses else []
