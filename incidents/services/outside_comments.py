"""What somebody says elsewhere about an issue or incident, under the id that it has there."""

from django.db import transaction

from incidents.models import Comment, Issue
from incidents.rich_text import render_markdown
from incidents.services.carriers import Thing, carrier_of, lock_thing, touch
from incidents.services.comments import comment_on_incident, comment_on_issue, delete_comment
from tracker import access, clock
from tracker.access import Actor


@transaction.atomic
def keep_outside_comment(
    *, actor: Actor, thing: Thing, body: str, author_label: str, source_id: str = ""
) -> Comment | None:
    """A comment in the name of `author_label`; None where one of this `source_id` is there already.

    Raises: as `comment_on_issue`.
    """
    thing = lock_thing(actor, thing)
    if source_id and thing.comments.filter(source_id=source_id).exists():
        return None
    if isinstance(thing, Issue):
        comment = comment_on_issue(actor=actor, issue=thing, body=body, author_label=author_label)
    else:
        comment = comment_on_incident(actor=actor, incident=thing, body=body, author_label=author_label)
    if source_id:
        comment.source_id = source_id
        comment.save(update_fields=["source_id"])
    return comment


@transaction.atomic
def change_outside_comment(*, actor: Actor, thing: Thing, source_id: str, body: str) -> bool:
    """Makes of a comment what its author made of it elsewhere; an empty `body` takes it away. Whether there is one.

    Raises: as `comment_on_issue`.
    """
    access.require(actor, "comments", "update")
    thing = lock_thing(actor, thing)
    comment = thing.comments.filter(source_id=source_id, author=None).first()
    if comment is None:
        return False
    if not body:
        where = {"issue": thing} if isinstance(thing, Issue) else {"incident": thing}
        delete_comment(actor=actor, comment=comment, **where)
    elif comment.body != body:
        comment.body, comment.body_html, comment.edited_at = body, render_markdown(body), clock.now()
        comment.save(update_fields=["body", "body_html", "edited_at"])
        carrier = carrier_of(thing)
        carrier.refresh_words([thing.pk])
        touch(thing)
        carrier.log(actor, "comment_edited", thing, {"comment": comment.pk}, is_internal=comment.is_internal)
    return True
