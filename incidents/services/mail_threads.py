"""How letters about one object hold together: the mark in their subject, and the way back for replies."""

import re
from dataclasses import dataclass

from django.conf import settings

from incidents.models import Incident, Issue
from incidents.models.incidents import KEY_PREFIX
from incidents.services.mail_tokens import make_token, own_domain, reply_address
from tracker.models import User

MARK = re.compile(r"\[((?:[A-Z][A-Z0-9]{1,11})-[0-9]{1,18})\]")


@dataclass(frozen=True, slots=True)
class Thread:
    """What a letter to one person about one object carries. Where no mail comes in, there is no way back."""

    key: str
    reply_to: str = ""
    reference: str = ""

    def mark(self, headline: str) -> str:
        """The subject: [INC-12] and what happened."""
        key, _, rest = headline.partition(" ")
        return f"[{self.key}] {rest if key.rstrip(':') == self.key else headline}"


def open_thread(person: User, object_type: str, object_id: str) -> Thread | None:
    """The thread of a person's letters about an issue or incident; None for other things."""
    key = _find_key(object_type, object_id)
    if not key:
        return None
    if not (settings.MAIL_INTAKE_ADDRESS or settings.IMAP_MAILBOX):
        return Thread(key)
    token = make_token(person, object_type, int(object_id))
    return Thread(key, reply_to=reply_address(token), reference=f"<{token}@{own_domain()}>")


def find_mark(subject: str) -> str:
    """The key that a subject carries in brackets; empty where it has none."""
    match = MARK.search(subject)
    return match[1] if match else ""


def _find_key(object_type: str, object_id: str) -> str:
    if object_type == "incident" and object_id.isdecimal():
        return f"{KEY_PREFIX}{object_id}" if Incident.objects.filter(pk=int(object_id)).exists() else ""
    if object_type == "issue" and object_id.isdecimal():
        issue = Issue.objects.select_related("project").filter(pk=int(object_id)).first()
        return issue.key if issue is not None else ""
    return ""
