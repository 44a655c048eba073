"""Fetching mail: what lies in the mailbox is taken, and only then put away. A crash between the two costs nothing,
because a message that comes again is known."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from incidents.intake.mailbox import REFUSED, TAKEN, MailServerError, OpenMailbox, open_mailbox
from incidents.services.mail_intake import take_mail
from tracker.access import Actor

LOCK_KEY = 7_201_044
MAX_MESSAGES = 50
MAX_FAULTS = 5
TIMEOUT_SECONDS = 10.0
logger = logging.getLogger(__name__)


def poll_mailbox(*, max_seconds: float) -> int:
    """Takes what lies in the mailbox, up to MAX_MESSAGES or until the time is over; answers how many. Without a
    mailbox, or while somebody else is at it, nothing.

    Raises:
        MailServerError: the server does not work, or messages could not be taken; those stay where they are.
    """
    if settings.IMAP_MAILBOX is None:
        return 0
    with _alone() as is_alone:
        if not is_alone:
            return 0
        stop_at = time.monotonic() + max_seconds
        with open_mailbox(settings.IMAP_MAILBOX, timeout_seconds=TIMEOUT_SECONDS) as box:
            return _take_all(box, stop_at)


def _take_all(box: OpenMailbox, stop_at: float) -> int:
    actor = Actor.system("poll_mail")
    count, faults = 0, 0
    for uid in box.list_ids():
        if count >= MAX_MESSAGES or faults >= MAX_FAULTS or time.monotonic() >= stop_at:
            break
        mail = box.fetch(uid)
        if mail is None:
            continue
        try:
            taken = take_mail(actor=actor, raw=mail.raw, size_bytes=mail.size_bytes)
        except (DatabaseError, InterfaceError, SoftTimeLimitExceeded):
            raise
        except Exception:
            # A fault of ours over one message must not keep the others waiting; it shows in the log and on the sweep.
            logger.exception("A mail could not be taken; it stays in the mailbox.", extra={"uid": uid})
            box.set_aside(uid)
            faults += 1
            continue
        box.put_away(uid, REFUSED if taken.is_refused else TAKEN)
        count += 1
    if faults:
        raise MailServerError(f"{faults} messages could not be taken and stay in the mailbox; see the log")
    return count


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else fetches; held by the session, so that it ends with whoever dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
