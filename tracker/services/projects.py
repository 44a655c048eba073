"""Projects: made and changed through one door, with a line in the log."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from tracker import clock
from tracker.access import Actor, decide, require
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.models import Project, User
from tracker.services.events import log_event
from tracker.texts import UNSTORABLE, is_storable

INBOX_KEY = "INBOX"


def visible_projects(actor: Actor) -> QuerySet[Project]:
    """The one rule of which projects an actor may know of: a reporter those they belong to or own."""
    decision = decide(actor, "projects", "list")
    if not decision.is_allowed:
        return Project.objects.none()
    if decision.is_for_all_rows or actor.user is None:
        return Project.objects.all()
    membership = Project.members.through.objects.filter(user=actor.user).values("project")
    return Project.objects.filter(Q(owner=actor.user) | Q(pk__in=membership))


def ensure_inbox() -> Project:
    """Where an issue goes of which nobody said to what project it belongs."""
    return Project.objects.get_or_create(key=INBOX_KEY, defaults={"name": "Inbox"})[0]


@transaction.atomic
def create_project(*, actor: Actor, key: str, name: str, owner: User | None = None) -> Project:
    """A new project.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, projects.create.
        InvalidInput: key or name break a rule.
        Conflict: the key is taken.
    """
    require(actor, "projects", "create")
    project = Project(key=key, name=name.strip(), owner=owner)
    _save(project)
    log_event(actor=actor, verb="project.created", obj=project, after=_facts(project))
    return project


@transaction.atomic
def update_project(*, actor: Actor, project: Project, changes: Mapping[str, Any]) -> Project:
    """Changes name, owner or whether the project is archived (`is_archived`); a key stays what it is.

    Raises: as `create_project`.
    """
    require(actor, "projects", "update")
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    before = _facts(project)
    if "name" in changes:
        project.name = str(changes["name"]).strip()
    if "owner" in changes:
        project.owner = changes["owner"]
    if "is_archived" in changes and bool(changes["is_archived"]) != (project.archived_at is not None):
        project.archived_at = clock.now() if changes["is_archived"] else None
    after = _facts(project)
    if after != before:
        _save(project)
        log_event(actor=actor, verb="project.updated", obj=project, before=before, after=after)
    return project


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
        details = [FieldError(name, message) for name, messages in error.message_dict.items() for message in messages]
        raise InvalidInput(f"{details[0].field}: {details[0].message}", details=details) from None
    except IntegrityError:
        taken = [FieldError("key", "There is a project of this key.")]
        raise Conflict("key: there is a project of this key.", details=taken) from None
