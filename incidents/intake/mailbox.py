"""A mailbox over IMAP: what lies in it, one message at a time, and the folders that read ones are put away to.

The server is the operator's, named by a setting alone; its certificate is checked. Messages are not parsed here.
"""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderCreateError

from incidents.intake.mail_files import BEGINNING_BYTES, StoredMail
from incidents.intake.mail_messages import MAX_MAIL_BYTES
from tracker.mail_settings import Mailbox

TAKEN, REFUSED = "Taken", "Refused"
PARENT = "Tracker"
SEEN, FLAGGED = r"\Seen", r"\Flagged"
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,18})")


class MailServerError(Exception):
    """The mail server does not do what it should; says what, without the password."""


class OpenMailbox:
    """A mailbox that somebody is logged in to."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box
        self._folders = {name: self._find_folder(name) for name in (TAKEN, REFUSED)}

    def list_ids(self) -> list[str]:
        """The messages that lie there, the oldest first: unread ones, those that somebody opened, and in the end those
        that were set aside. Where no folders can be made, read ones are those that were put away.
        """
        searches = ["UNSEEN UNFLAGGED", "SEEN UNFLAGGED", "FLAGGED"]
        if "" in self._folders.values():
            searches = ["UNSEEN UNFLAGGED", "UNSEEN FLAGGED"]
        return [uid for search in searches for uid in self._box.uids(search)]

    def set_aside(self, uid: str) -> None:
        """Marks a message, so that it keeps no other waiting from now on."""
        self._box.flag(uid, FLAGGED, True)

    def fetch(self, uid: str) -> StoredMail | None:
        """A message, unread still; of one that is too large its beginning. None where it is gone."""
        size = self._size(uid)
        if size is None:
            return None
        part = "BODY.PEEK[]" if size <= MAX_MAIL_BYTES else f"BODY.PEEK[]<0.{BEGINNING_BYTES}>"
        _, data = self._box.client.uid("FETCH", uid, f"({part})")
        raw = next((item[1] for item in data if isinstance(item, tuple)), None)
        return StoredMail(f"message {uid}", bytes(raw), size) if raw is not None else None

    def put_away(self, uid: str, name: str) -> None:
        """Marks a message as read, and moves it to the folder TAKEN or REFUSED."""
        self._box.flag(uid, SEEN, True)
        if self._folders[name]:
            self._box.move(uid, self._folders[name])

    def _size(self, uid: str) -> int | None:
        _, data = self._box.client.uid("FETCH", uid, "(RFC822.SIZE)")
        lines = (item[0] if isinstance(item, tuple) else item for item in data if item)
        return next((int(match[1]) for line in lines if (match := _SIZE.search(line))), None)

    def _find_folder(self, name: str) -> str:
        """The folder, made where it is missing; some servers keep everything below INBOX. Empty where none can be."""
        delimiter = next((folder.delim for folder in self._box.folder.list("", "INBOX") if folder.delim), "/")
        path = delimiter.join((PARENT, name))
        for full in (path, f"INBOX{delimiter}{path}"):
            with contextlib.suppress(MailboxFolderCreateError):
                if not self._box.folder.exists(full):
                    self._box.folder.create(full)
                return full
        return ""


@contextmanager
def open_mailbox(mailbox: Mailbox, *, timeout_seconds: float) -> Iterator[OpenMailbox]:
    """Logs in for as long as the block runs; each wait for the server has a limit.

    Raises:
        MailServerError: in the block as well, whatever the server or the network does.
    """
    try:
        box = _connect(mailbox, timeout_seconds)
        try:
            if mailbox.user.isascii() and mailbox.password.isascii():
                box.login(mailbox.user, mailbox.password, mailbox.folder)
            else:
                box.login_utf8(mailbox.user, mailbox.password, mailbox.folder)
            yield OpenMailbox(box)
        finally:
            with contextlib.suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                box.logout()
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        reason = f"{type(error).__name__}: {error}".replace(mailbox.password, "…")
        raise MailServerError(f"{mailbox.host}: {reason[:200]}") from None


def _connect(mailbox: Mailbox, timeout_seconds: float) -> BaseMailBox:
    if not mailbox.is_encrypted:
        return MailBoxUnencrypted(mailbox.host, mailbox.port, timeout_seconds)
    return MailBox(mailbox.host, mailbox.port, timeout_seconds, ssl_context=ssl.create_default_context())
