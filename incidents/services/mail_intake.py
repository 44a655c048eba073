"""Mail that comes in: each message is taken once, and becomes an incident, an issue, a comment, or a line that says why
not. What cannot be taken is never lost: its line stands in the list, and the message stays in its mailbox."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from incidents.choices import MailOutcome
from incidents.intake.mail_kinds import MailKind
from incidents.intake.mail_messages import MAX_MAIL_BYTES, ParsedMail, digest_of_bytes, read_mail
from incidents.intake.mail_parts import Unreadable
from incidents.models import MailMessage
from incidents.services.mail_outcomes import Settled, note_bounce, take_new, take_reply
from incidents.services.mail_replies import TALK, find_answered, find_speaker, is_own_letter, own_mail
from tracker import clock
from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.services.events import log_event

REFUSED = frozenset({MailOutcome.REFUSED, MailOutcome.LOOP, MailOutcome.DUPLICATE})
WINDOW = timedelta(hours=1)
NOTE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class TakenMail:
    """What became of a message, now or when it came first."""

    message: MailMessage
    is_new: bool

    @property
    def is_refused(self) -> bool:
        """Whether nothing came of it."""
        return self.message.outcome in REFUSED


def take_mail(*, actor: Actor, raw: bytes, size_bytes: int | None = None) -> TakenMail:
    """Takes one message (RFC 822); twice changes nothing, but what was refused is looked at anew: somebody has put it
    back. `size_bytes` is its real size where `raw` is its beginning.

    Only Tracker itself takes mail in; whom a message speaks for is told by its token, or by the operator's mail server.
    """
    size = size_bytes or len(raw)
    try:
        if size > MAX_MAIL_BYTES:
            raise Unreadable(f"it is larger than {MAX_MAIL_BYTES // 1024**2} MiB")
        mail = read_mail(raw, own=own_mail(), authserv_id=settings.MAIL_AUTHSERV_ID)
    except Unreadable as error:
        return _keep_unreadable(actor, raw, size, str(error))
    return _take(actor, mail)


@transaction.atomic
def _take(actor: Actor, mail: ParsedMail) -> TakenMail:
    row = _claim(
        MailMessage(
            message_digest=mail.digest,
            message_id=mail.message_id,
            sender=mail.sender,
            subject=mail.subject,
            received_at=clock.now(),
            size_bytes=mail.size_bytes,
            outcome=MailOutcome.REFUSED,
        )
    )
    if row is None:
        row = MailMessage.objects.select_for_update(no_key=True).get(message_digest=mail.digest)
        if row.outcome not in REFUSED:
            return TakenMail(row, is_new=False)
    try:
        with transaction.atomic():
            settled = _settle(actor, mail)
    except DomainError as error:
        settled = Settled(MailOutcome.REFUSED, error.message)
    return _write_down(actor, row, settled)


@transaction.atomic
def _keep_unreadable(actor: Actor, raw: bytes, size: int, reason: str) -> TakenMail:
    """The line of a message that nobody can read. Its headers are looked at no further."""
    digest = digest_of_bytes(raw)
    row = _claim(
        MailMessage(message_digest=digest, received_at=clock.now(), size_bytes=size, outcome=MailOutcome.REFUSED)
    )
    if row is None:
        return TakenMail(MailMessage.objects.get(message_digest=digest), is_new=False)
    return _write_down(actor, row, Settled(MailOutcome.REFUSED, f"Not read: {reason}"))


def _claim(row: MailMessage) -> MailMessage | None:
    """The row, written; None where the message came before. Two who take it at once meet here."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    return row


def _settle(actor: Actor, mail: ParsedMail) -> Settled:
    if mail.kind == MailKind.BOUNCE:
        return note_bounce(mail)
    if mail.kind != MailKind.NORMAL:
        return Settled(MailOutcome.LOOP, mail.kind_reason)
    if is_own_letter(mail):
        return Settled(MailOutcome.LOOP, "it is a letter of Tracker")
    if mail.message_id and _has_come_before(mail):
        return Settled(MailOutcome.DUPLICATE, "its Message-ID came before, with another text")
    limit = settings.MAIL_PER_SENDER_AND_HOUR
    earlier = MailMessage.objects.filter(sender=mail.sender, received_at__gt=clock.now() - WINDOW)
    # Its own row is among them.
    if earlier.count() > limit:
        return Settled(MailOutcome.LOOP, f"more than {limit} messages of this sender within an hour")
    speaker = find_speaker(actor, mail)
    answered = find_answered(actor, mail, speaker)
    return take_reply(actor, mail, answered) if answered is not None else take_new(actor, mail, speaker)


def _has_come_before(mail: ParsedMail) -> bool:
    """Whether a mail of this id and sender was taken already. Copies that went other ways differ in their footers."""
    earlier = MailMessage.objects.filter(message_id=mail.message_id, sender=mail.sender, outcome__in=TALK)
    return earlier.exclude(message_digest=mail.digest).exists()


def _write_down(actor: Actor, row: MailMessage, settled: Settled) -> TakenMail:
    row.outcome, row.note = settled.outcome, settled.note[:NOTE_CHARACTERS]
    row.incident, row.issue, row.comment = settled.incident, settled.issue, settled.comment
    row.save(update_fields=["outcome", "note", "incident", "issue", "comment"])
    verb = "mail.refused" if row.outcome in REFUSED else "mail.taken"
    data = {"outcome": str(row.outcome), "incident": row.incident_id, "issue": row.issue_id, "note": row.note}
    log_event(actor=actor, verb=verb, obj=row, data=data)
    return TakenMail(row, is_new=True)
