"""Tags: words that issues are found by."""

from django.db import IntegrityError, transaction

from incidents.models import Issue, Tag
from incidents.services.issue_fields import clean_tag
from tracker import access
from tracker.access import Actor
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.services.events import log_event


@transaction.atomic
def create_tag(*, actor: Actor, name: str) -> Tag:
    """A new tag.

    Raises:
        PermissionDenied: see access.yaml, tags.create. InvalidInput: no such word. Conflict: it is there.
    """
    access.require(actor, "tags", "create")
    tag = Tag(name=_clean(name))
    _save(tag)
    log_event(actor=actor, verb="tag.created", obj=tag, after={"name": tag.name})
    return tag


@transaction.atomic
def rename_tag(*, actor: Actor, tag: Tag, name: str) -> Tag:
    """Another word for a tag, on every issue that has it. Raises: as `create_tag`."""
    access.require(actor, "tags", "update")
    tag = Tag.objects.select_for_update().get(pk=tag.pk)
    before, name = tag.name, _clean(name)
    if name == before:
        return tag
    tag.name = name
    _save(tag)
    log_event(actor=actor, verb="tag.renamed", obj=tag, before={"name": before}, after={"name": name})
    return tag


@transaction.atomic
def delete_tag(*, actor: Actor, tag: Tag) -> None:
    """Takes a tag from every issue and away.

    Raises:
        PermissionDenied: see access.yaml, tags.delete.
    """
    access.require(actor, "tags", "delete")
    count = Issue.tags.through.objects.filter(tag=tag).count()
    log_event(actor=actor, verb="tag.deleted", obj=tag, before={"name": tag.name, "issues": count})
    tag.delete()


def _clean(name: str) -> str:
    try:
        return clean_tag(name)
    except ValueError as error:
        raise InvalidInput.of_field("name", str(error)) from None


def _save(tag: Tag) -> None:
    try:
        with transaction.atomic():
            tag.save()
    except IntegrityError:
        raise Conflict("There is such a tag.", details=[FieldError("name", "There is such a tag.")]) from None
