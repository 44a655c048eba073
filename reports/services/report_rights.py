"""Who sees which report, and who may ask for which kind."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from reports.kinds.contract import Kind
from reports.models import Report
from tracker import access
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import NotAuthenticated, PermissionDenied
from tracker.row_ids import read_row_id
from tracker.services.projects import projects_of_person

# Each sees what was computed with rights like theirs or smaller ones.
REACH = {role: tuple(list(Role.values)[: place + 1]) for place, role in enumerate(Role.values)}


def visible_reports(actor: Actor, action: str = "list") -> QuerySet[Report]:
    """The one rule of which reports an actor may see, or do `action` to: their own, and admins all.

    What somebody computed with greater rights than they have now is out of their reach, as are reports on projects
    that they may not know of. A token reaches no further than its owner.
    """
    decision = access.decide(actor, "reports", action)
    if not decision.is_allowed:
        return Report.objects.none()
    if actor.is_system:
        return Report.objects.all()
    person = actor.user
    if person is None:
        return Report.objects.none()
    if decision.is_for_all_rows and person.role == Role.ADMIN:
        return Report.objects.all()
    own = Report.objects.filter(owner=person, owner_role__in=REACH[person.role])
    if person.role == Role.REPORTER:
        own = own.filter(Q(project=None) | Q(project__in=projects_of_person(actor)))
    return own


def find_report(actor: Actor, name: str | int, action: str = "read") -> Report | None:
    """The report of this id, where the actor may know of it."""
    pk = read_row_id(str(name))
    return visible_reports(actor, action).filter(pk=pk).first() if pk is not None else None


def check_rights(actor: Actor, kind: Kind) -> None:
    """Whether the person behind `actor` may see what this kind of report counts.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, the kind's resources.
    """
    person = person_behind(actor)
    for resource in kind.resources:
        access.require(person, resource, "list")


def check_taking(actor: Actor, kind: Kind, parameters: Mapping[str, Any]) -> None:
    """Whether `actor` may take out the rows that such a report's file holds, as by an export of theirs: a token with
    its own scopes, for a file is no figure.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, the export of the rows.
    """
    for resource in kind.taken(parameters):
        access.require(actor, resource, "export")


def person_behind(actor: Actor) -> Actor:
    """A token's owner, for a token with the scope `reports` sees in them what its owner may."""
    return actor if actor.token_id is None or actor.user is None else Actor.of_user(actor.user)


def may_ask_for(actor: Actor, kind: Kind) -> bool:
    """Whether `request_report` would let this actor have such a report."""
    try:
        check_rights(actor, kind)
    except (NotAuthenticated, PermissionDenied):
        return False
    return access.may(actor, "reports", "create")
