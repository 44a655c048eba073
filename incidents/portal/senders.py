"""Who sits before a page of the portal: a person who is logged in, or somebody without an account."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from incidents.services.incidents import Origin
from tracker.access import Actor
from tracker.client_address import client_address, counted_address
from tracker.exceptions import NotAuthenticated, PermissionDenied
from tracker.models import User
from tracker.services.attempts import key_of, reserve_attempt
from tracker.services.second_factors import ENROL_FIRST, must_enrol

HOUR = timedelta(hours=1)
# What one address, or network, may do in an hour without an account, what a person with one, and what all strangers
# together.
FORMS_PER_HOUR = 60
FORMS_OF_A_PERSON_PER_HOUR = 600
REPORTS_PER_HOUR = 10
REPORTS_OF_ALL_PER_HOUR = 300
REPLIES_PER_REPORT = 20
NOBODY = "anonymous"


@dataclass(frozen=True, slots=True)
class Sender:
    """`address` is where the request comes from, as the operator's own proxies vouch for it."""

    actor: Actor
    address: str = ""
    counted_as: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether this is somebody without an account."""
        return self.actor.user is None

    @property
    def key(self) -> str:
        """What forms are counted by while they are read."""
        return f"portal:{self.counted_as}" if self.is_unknown else self.actor.key

    @property
    def caller(self) -> str:
        """Whose forms are told apart by their keys. A stranger's may come back from another address."""
        return "portal" if self.is_unknown else self.actor.key

    def origin(self, label: str = "") -> Origin:
        """What an incident keeps of where it came from."""
        return Origin(ip=self.address, reporter_label=label or NOBODY if self.is_unknown else "")

    def count_form(self) -> None:
        """Counts a form, before it is read.

        Raises:
            Throttled: too many of this person, or from there.
        """
        if not self.is_unknown:
            reserve_attempt(key_of("portal-form", self.key), limit=FORMS_OF_A_PERSON_PER_HOUR, window=HOUR)
        elif self.counted_as:
            reserve_attempt(key_of("portal-form", self.counted_as), limit=FORMS_PER_HOUR, window=HOUR)

    def count_report(self) -> None:
        """Counts a report of somebody without an account.

        Raises:
            Throttled: too many from there, or by all of them.
        """
        if not self.is_unknown:
            return
        if self.counted_as:
            reserve_attempt(key_of("portal-report", self.counted_as), limit=REPORTS_PER_HOUR, window=HOUR)
        reserve_attempt(key_of("portal-report", "all"), limit=REPORTS_OF_ALL_PER_HOUR, window=HOUR)

    def count_reply(self, incident_id: int) -> None:
        """Counts what somebody without an account adds to a report.

        Raises:
            Throttled: too much.
        """
        if self.is_unknown:
            reserve_attempt(key_of("portal-reply", str(incident_id)), limit=REPLIES_PER_REPORT, window=HOUR)


def find_person(request: HttpRequest) -> Sender | None:
    """Whoever is logged in."""
    if not isinstance(request.user, User):
        return None
    actor = Actor.of_user(request.user, request_id=getattr(request, "request_id", ""))
    return Sender(actor, client_address(request))


def find_sender(request: HttpRequest) -> Sender:
    """Whoever may report: a person who is logged in, or anybody where the operator lets anybody.

    Raises:
        NotAuthenticated: neither. PermissionDenied: staff who have to set up a second factor first.
    """
    person = find_person(request)
    if person is not None:
        if person.actor.user is not None and must_enrol(person.actor.user):
            raise PermissionDenied(ENROL_FIRST)
        return person
    if not settings.INCIDENT_PORTAL_ANONYMOUS:
        raise NotAuthenticated("Log in first.")
    return unknown_sender(request)


def unknown_sender(request: HttpRequest) -> Sender:
    """Somebody without an account, who has no right in the table and may do no more than these pages say."""
    actor = Actor(label=NOBODY, request_id=getattr(request, "request_id", ""))
    return Sender(actor, client_address(request), counted_address(request))
