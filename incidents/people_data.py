"""What issues, incidents, tickets and mail hold of people, and what becomes of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from incidents.channels.email import split_recipients
from incidents.choices import ChannelKind, Notice
from incidents.models import (
    Alert,
    Attachment,
    Channel,
    Comment,
    Delivery,
    Incident,
    Issue,
    MailMessage,
    PolicyTrial,
    PolicyVersion,
    Ticket,
)
from incidents.services.incident_search import refresh_incident_search
from incidents.services.incidents import visible_incidents
from incidents.services.issue_search import refresh_search
from incidents.services.issues import visible_issues
from incidents.services.tickets import visible_tickets
from tracker.access import Actor
from tracker.models import User
from tracker.personal_data import PersonalData, PersonalFile, PersonalRows, declare
from tracker.personal_words import PersonalWords

ISSUE_KEY = Concat("project__key", Value("-"), Cast("number", CharField()))
INCIDENT_KEY = Concat(Value("INC-"), Cast("id", CharField()))
WORK = ("title", "status", "severity", "created_at", "updated_at")
# Of what somebody else reported: nothing that they may not see any more, but that it was theirs.
SEEN_TICKET, SEEN_WORK = (
    {name: Case(When(is_seen=True, then=F(name))) for name in names}
    for names in (("title", "status", "created_at", "updated_at"), WORK)
)
PLACE = ("place", "latitude", "longitude", "ip", "city", "region", "country")


def _mark_seen(rows: "QuerySet[Any]", seen: "QuerySet[Any]") -> "QuerySet[Any]":
    return rows.annotate(is_seen=Exists(seen.filter(pk=OuterRef("pk"))))


def _issues(user: User) -> "QuerySet[Any]":
    rows = Issue.objects.filter(Q(assignee=user) | Q(watchers=user)).distinct()
    return _mark_seen(rows, visible_issues(Actor.of_user(user)))


def _incidents(user: User) -> "QuerySet[Any]":
    return _mark_seen(Incident.objects.filter(assignee=user), visible_incidents(Actor.of_user(user)))


def _tickets(user: User) -> "QuerySet[Any]":
    return _mark_seen(Ticket.objects.filter(assignee=user), visible_tickets(Actor.of_user(user)))


def _hindrances(user: User) -> Iterable[str]:
    # Their addresses are sealed, so that only we can look for one.
    for channel in Channel.objects.filter(kind=ChannelKind.EMAIL, deleted_at=None):
        if user.email in (address.casefold() for address in split_recipients(channel.url)):
            yield f"The channel “{channel.name}” sends to it: take it out there first."


def _forget(user: User, words: PersonalWords) -> dict[str, int]:
    letters = Delivery.objects.filter(notice=Notice.LETTER, payload__person=user.pk)
    watched = Issue.watchers.through.objects.filter(user=user)
    # Where a report came from says who sent it.
    traced = Incident.objects.filter(reporter=user, ip__isnull=False)
    return {
        "letters": letters.delete()[0],
        "watched issues": watched.delete()[0],
        "addresses of reports": traced.update(ip=None),
    }


def _files(user: User) -> Iterable[PersonalFile]:
    rows = Attachment.objects.filter(uploaded_by=user).order_by("pk")
    for key, name, size_bytes in rows.values_list("storage_key", "name", "size_bytes").iterator():
        yield PersonalFile(key, name, size_bytes)


def _refresh_by_comments(ids: Sequence[Any]) -> None:
    comments = Comment.objects.filter(pk__in=ids)
    refresh_search(sorted(set(comments.exclude(issue=None).values_list("issue", flat=True))))
    refresh_incident_search(sorted(set(comments.exclude(incident=None).values_list("incident", flat=True))))


declare(
    "incidents",
    PersonalData(
        rows=(
            PersonalRows(
                "issues_reported",
                "Issues that you reported.",
                lambda user: Issue.objects.filter(reporter=user),
                {"key": ISSUE_KEY, **{name: name for name in (*WORK, "description")}},
            ),
            PersonalRows(
                "issues_assigned_or_watched",
                "Issues that are assigned to you, or that you watch.",
                _issues,
                {"key": ISSUE_KEY, **SEEN_WORK},
            ),
            PersonalRows(
                "incidents_reported",
                "Incidents that you reported, and what was noted of where you were.",
                lambda user: Incident.objects.filter(reporter=user),
                {"key": INCIDENT_KEY, **{name: name for name in (*WORK, "description", "occurred_at", *PLACE)}},
            ),
            PersonalRows(
                "incidents_assigned",
                "Incidents that are assigned to you.",
                _incidents,
                {"key": INCIDENT_KEY, **SEEN_WORK},
            ),
            PersonalRows(
                "tickets_assigned",
                "Tickets that are assigned to you.",
                _tickets,
                {"external_id": "external_id", **SEEN_TICKET},
            ),
            PersonalRows(
                "comments",
                "What you wrote.",
                lambda user: Comment.objects.filter(author=user),
                ("id", "issue_id", "incident_id", "ticket_id", "body", "created_at", "edited_at"),
            ),
            PersonalRows(
                "files",
                "What you uploaded; the files themselves lie in the folder “files”.",
                lambda user: Attachment.objects.filter(uploaded_by=user),
                ("id", "issue_id", "incident_id", "name", "content_type", "size_bytes", "sha256", "created_at"),
            ),
            PersonalRows(
                "alerts_acknowledged",
                "Alerts that you acknowledged.",
                lambda user: Alert.objects.filter(acknowledged_by=user),
                ("id", "ticket__external_id", "acknowledged_at"),
            ),
            PersonalRows(
                "mails",
                "Mails that came from your address.",
                lambda user: MailMessage.objects.filter(sender__iexact=user.email),
                ("message_id", "sender", "subject", "received_at", "size_bytes", "outcome"),
            ),
            PersonalRows(
                "policies",
                "Versions of the SLA policy that you published.",
                lambda user: PolicyVersion.objects.filter(created_by=user),
                ("number", "note", "created_at"),
            ),
            PersonalRows(
                "previews",
                "SLA previews that you asked for.",
                lambda user: PolicyTrial.objects.filter(owner=user),
                ("id", "note", "created_at", "state"),
            ),
        ),
        files=_files,
        hindrances=_hindrances,
        forget=_forget,
        untouched=(
            # What senders and importers find their own things by; with other keys they would make them anew.
            "incidents.ticket.external_id",
            "incidents.hooksignal.fingerprint",
            "incidents.mailmessage.message_id",
        ),
        reread={Issue: refresh_search, Incident: refresh_incident_search, Comment: _refresh_by_comments},
    ),
)
