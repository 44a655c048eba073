"""What becomes of a mail: a comment, an incident, an issue, or a note on the letter that came back."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from incidents.choices import ChannelKind, DeliveryStatus, MailOutcome
from incidents.intake.mail_messages import ParsedMail
from incidents.models import Comment, Delivery, Incident, IncidentCategory, Issue
from incidents.services.attachments import attach_file
from incidents.services.carriers import Thing, carrier_of
from incidents.services.comments import comment_on_incident, comment_on_issue
from incidents.services.incidents import Origin, create_incident
from incidents.services.issues import create_issue
from incidents.services.mail_replies import Answered, Speaker, find_deliveries
from tracker.access import Actor
from tracker.exceptions import DomainError, InvalidInput
from tracker.files.uploads import Upload
from tracker.models import Project
from tracker.services.projects import may_report_in

DEFAULT_CATEGORY = "other"
TITLE_CHARACTERS = 80
FILES_ONLY = "(no text)"
# Hostile pictures take seconds each to be found out, and other mail waits.
MAX_SECONDS_FOR_FILES = 15.0


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a message, and what there is to say about it."""

    outcome: MailOutcome
    note: str = ""
    incident: Incident | None = None
    issue: Issue | None = None
    comment: Comment | None = None


def take_reply(system: Actor, mail: ParsedMail, answered: Answered) -> Settled:
    """A comment on what the mail answers; never an internal one.

    Raises:
        InvalidInput: it says nothing and brings nothing.
    """
    if not mail.reply and not mail.files:
        raise InvalidInput("The reply is empty.")
    thing, speaker = answered.thing, answered.speaker
    words: dict[str, Any] = {"actor": speaker.actor, "body": mail.reply or FILES_ONLY, "author_label": speaker.label}
    comment = (
        comment_on_issue(issue=thing, **words)
        if isinstance(thing, Issue)
        else comment_on_incident(incident=thing, **words)
    )
    left_out = _attach(system, mail, thing, speaker, comment)
    return _settled(MailOutcome.COMMENT, thing, "; ".join(filter(None, [answered.note, left_out])), comment)


def take_new(system: Actor, mail: ParsedMail, speaker: Speaker) -> Settled:
    """A new incident or issue, as the operator has it.

    Raises:
        InvalidInput: the category or project that MAIL_INTAKE_TARGET names is not there.
    """
    kind, _, name = settings.MAIL_INTAKE_TARGET.partition(":")
    if kind == "issue":
        issue = _new_issue(system, mail, speaker, name)
        return _settled(MailOutcome.ISSUE, issue, _attach(system, mail, issue, speaker))
    incident = _new_incident(mail, speaker, name or DEFAULT_CATEGORY)
    return _settled(MailOutcome.INCIDENT, incident, _attach(system, mail, incident, speaker))


def note_bounce(mail: ParsedMail) -> Settled:
    """Says on our letters that they came back; only their own servers know their ids."""
    why = f"came back: {mail.bounce_status or mail.subject or 'no reason given'}"
    named = (*mail.bounced_ids, mail.in_reply_to, *mail.references)
    letters = [letter.pk for letter in find_deliveries(named) if letter.channel.kind == ChannelKind.PERSON]
    Delivery.objects.filter(pk__in=letters, status=DeliveryStatus.SENT).update(last_error=why[:300])
    listed = ", ".join(map(str, letters[:10]))
    return Settled(MailOutcome.BOUNCE, f"Delivery {listed} {why}" if letters else f"A letter {why}")


def _new_incident(mail: ParsedMail, speaker: Speaker, key: str) -> Incident:
    category = IncidentCategory.objects.filter(key=key).first()
    if category is None:
        raise InvalidInput(f"MAIL_INTAKE_TARGET names the category {key!r}, which does not exist.")
    values = {"category": category, "title": _title(mail), "description": mail.text}
    return create_incident(actor=speaker.actor, values=values, origin=Origin(reporter_label=speaker.label))


def _new_issue(system: Actor, mail: ParsedMail, speaker: Speaker, key: str) -> Issue:
    project = Project.objects.filter(key=key).first()
    if project is None:
        raise InvalidInput(f"MAIL_INTAKE_TARGET names the project {key!r}, which does not exist.")
    # Where reporters do not see the project it is Tracker that puts it there, and names them.
    actor = speaker.actor if may_report_in(speaker.actor, project) else system
    issue = create_issue(actor=actor, values={"title": _title(mail), "description": mail.text}, project=project)
    if actor.user is None:
        issue.reporter_label = (speaker.label or mail.sender)[:120]
        issue.save(update_fields=["reporter_label"])
    return issue


def _title(mail: ParsedMail) -> str:
    if mail.subject:
        return mail.subject
    words = " ".join(mail.text.split())
    if not words:
        return f"Mail from {mail.sender or 'an unknown sender'}"
    return words if len(words) <= TITLE_CHARACTERS else words[:TITLE_CHARACTERS].rsplit(" ", 1)[0] + " …"


def _attach(system: Actor, mail: ParsedMail, thing: Thing, speaker: Speaker, comment: Comment | None = None) -> str:
    """Hangs the files on it; says which could not be kept, and why, also beside the text."""
    left_out = list(mail.left_out)
    place: dict[str, Any] = {carrier_of(thing).word: thing}
    stop_at = time.monotonic() + MAX_SECONDS_FOR_FILES
    for file in mail.files:
        if time.monotonic() > stop_at:
            left_out.append(f"{file.name}: the files before it took too long")
            continue
        try:
            with Upload.of_chunks(file.name, [file.content]) as upload:
                label = "" if speaker.actor.user is not None else speaker.label or mail.sender
                attach_file(actor=speaker.actor, upload=upload, comment=comment, uploader_label=label, **place)
        except DomainError as error:
            left_out.append(f"{file.name}: {error.message}")
    if not left_out:
        return ""
    body = "Not kept of what the mail brought; the message in the mailbox has it:\n\n"
    body += "\n".join(f"- {words}" for words in left_out)
    if isinstance(thing, Issue):
        comment_on_issue(actor=system, issue=thing, body=body)
    else:
        comment_on_incident(actor=system, incident=thing, body=body, is_internal=True)
    return f"Not kept: {'; '.join(left_out)}"


def _settled(outcome: MailOutcome, thing: Thing, note: str, comment: Comment | None = None) -> Settled:
    if isinstance(thing, Issue):
        return Settled(outcome, note, issue=thing, comment=comment)
    return Settled(outcome, note, incident=thing, comment=comment)
