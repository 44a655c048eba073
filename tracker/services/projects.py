"""Projects: made and changed through one door, with a line in the log."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q, QuerySet

from tracker import clock
from tracker.access import Actor, decide, require
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.models import Project, User
from tracker.services.events import log_event
from tracker.texts import UNSTORABLE, is_storable

INBOX_KEY = "INBOX"
MAX_MEMBERS = 500


def visible_projects(actor: Actor) -> QuerySet[Project]:
    """The one rule of which projects an actor may know of: a reporter those they belong to or own."""
    decision = decide(actor, "projects", "list")
    if not decision.is_allowed:
        return Project.objects.none()
    if decision.is_for_all_rows or actor.user is None:
        return Project.objects.all()
    membership = Project.members.through.objects.filter(user=actor.user).values("project")
    return Project.objects.filter(Q(owner=actor.user) | Q(pk__in=membership))


def projects_of_person(actor: Actor) -> QuerySet[Project]:
    """The projects that the person behind `actor` may know of, where a token lacks the scope to read them itself."""
    return visible_projects(actor if actor.token_id is None or actor.user is None else Actor.of_user(actor.user))


def may_report_in(actor: Actor, project: Project) -> bool:
    """Whether the person behind `actor` may know of a project, and so put something into it."""
    if actor.user is None:
        return actor.is_system
    person = Actor.of_user(actor.user)
    if decide(person, "projects", "list").is_for_all_rows:
        return True
    return visible_projects(person).filter(pk=project.pk).exists()


def ensure_inbox() -> Project:
    """Where an issue goes of which nobody said to what project it belongs."""
    return Project.objects.get_or_create(key=INBOX_KEY, defaults={"name": "Inbox"})[0]


@transaction.atomic
def create_project(
    *, actor: Actor, key: str, name: str, owner: User | None = None, members: Sequence[User] = ()
) -> Project:
    """A new project.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, projects.create.
        InvalidInput: key or name break a rule.
        Conflict: the key is taken.
    """
    require(actor, "projects", "create")
    project = Project(key=key, name=name.strip(), owner=_check_owner(owner))
    _save(project)
    log_event(actor=actor, verb="project.created", obj=project, after=_facts(project))
    return set_members(actor=actor, project=project, members=members) if members else project


@transaction.atomic
def update_project(*, actor: Actor, project: Project, changes: Mapping[str, Any]) -> Project:
    """Changes name, owner, `members` or whether the project is archived (`is_archived`); a key stays what it is.

    Raises: as `create_project`; Conflict also where the inbox would be archived.
    """
    require(actor, "projects", "update")
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    before = _facts(project)
    if "name" in changes:
        project.name = str(changes["name"]).strip()
    if "owner" in changes:
        project.owner = _check_owner(changes["owner"])
    if "is_archived" in changes:
        _archive(project, is_archived=bool(changes["is_archived"]))
    after = _facts(project)
    if after != before:
        _save(project)
        log_event(actor=actor, verb="project.updated", obj=project, before=before, after=after)
    if "members" in changes:
        set_members(actor=actor, project=project, members=changes["members"])
    return project


@transaction.atomic
def set_members(*, actor: Actor, project: Project, members: Sequence[User]) -> Project:
    """Says who belongs to a project: exactly these.

    Raises:
        PermissionDenied: see access.yaml, projects.update. InvalidInput: too many.
    """
    require(actor, "projects", "update")
    if len(members) > MAX_MEMBERS:
        raise InvalidInput.of_field("members", f"Up to {MAX_MEMBERS} people.")
    # Under the lock: of two who say different things at once, one comes after the other, and the log says so.
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    before = sorted(project.members.values_list("email", flat=True))
    after = sorted({member.email for member in members})
    if after != before:
        project.members.set(members)
        log_event(
            actor=actor,
            verb="project.members_set",
            obj=project,
            before={"members": before},
            after={"members": after},
        )
    return project


@transaction.atomic
def delete_project(*, actor: Actor, project: Project) -> None:
    """Deletes a project to which nothing belongs; others are archived.

    Raises:
        PermissionDenied: see access.yaml, projects.delete. Conflict: issues or tickets belong to it, or it is the
            inbox, which would begin to count anew.
    """
    require(actor, "projects", "delete")
    if project.key == INBOX_KEY:
        raise Conflict("The inbox takes what nobody gave a project; it stays.")
    project = Project.objects.select_for_update().get(pk=project.pk)
    log_event(actor=actor, verb="project.deleted", obj=project, before=_facts(project))
    try:
        with transaction.atomic():
            project.delete()
    except ProtectedError:
        raise Conflict("Issues or tickets belong to this project; archive it instead.") from None


def _check_owner(owner: User | None) -> User | None:
    if owner is not None and not owner.is_active:
        raise InvalidInput.of_field("owner", "Must be an active person.")
    return owner


def _archive(project: Project, *, is_archived: bool) -> None:
    if is_archived and project.key == INBOX_KEY:
        # Whoever may not name a project could report nothing any more.
        message = "The inbox takes what nobody gave a project, so it stays open."
        raise Conflict(f"is_archived: {message}", details=[FieldError("is_archived", message)])
    if is_archived != (project.archived_at is not None):
        project.archived_at = clock.now() if is_archived else None


def _facts(project: Project) -> dict[str, Any]:
    owner = project.owner.email if project.owner else None
    return {"key": project.key, "name": project.name, "owner": owner, "is_archived": project.archived_at is not None}


def _save(project: Project) -> None:
    for name in ("key", "name"):
        if not is_storable(getattr(project, name)):
            raise InvalidInput.of_field(name, UNSTORABLE)
    try:
        project.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            project.save()
    except ValidationError as error:
        raise InvalidInput.of_fields(error.message_dict) from None
    except IntegrityError:
        taken = [FieldError("key", "There is a project of this key.")]
        raise Conflict("key: there is a project of this key.", details=taken) from None
