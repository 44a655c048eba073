"""What somebody without an account says about an issue or an incident: a hook's sender, or a person elsewhere."""

from django.db import transaction

from incidents.models import Comment, Incident, Issue
from incidents.rich_text import render_markdown
from incidents.services.comments import MAX_COMMENT_CHARACTERS, MAX_COMMENTS
from incidents.services.incident_news import log_incident, tell_incident_people
from incidents.services.incident_search import refresh_incident_search
from incidents.services.incidents import lock_incident
from incidents.services.issue_news import log_issue, tell_watchers
from incidents.services.issue_search import refresh_search
from incidents.services.issues import lock_issue
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput

Subject = Issue | Incident


@transaction.atomic
def keep_outside_comment(
    *, actor: Actor, subject: Subject, body: str, author_label: str, source_id: str = ""
) -> Comment | None:
    """A comment in the name of `author_label`; None where one of this `source_id` is there already.

    Raises:
        PermissionDenied, NotFound: see access.yaml, comments.create.
        InvalidInput: empty, or there are MAX_COMMENTS.
    """
    access.require(actor, "comments", "create")
    subject = _lock(actor, subject)
    said = subject.comments.all()
    if source_id and said.filter(source_id=source_id).exists():
        return None
    if said.count() >= MAX_COMMENTS:
        raise InvalidInput.of_field("body", f"There are {MAX_COMMENTS:,} comments already.")
    body = _check_body(body)
    comment = Comment.objects.create(
        issue=subject if isinstance(subject, Issue) else None,
        incident=subject if isinstance(subject, Incident) else None,
        author_label=author_label[:120] or "somebody",
        body=body,
        body_html=render_markdown(body),
        source_id=source_id,
        created_at=clock.now(),
    )
    _tell(actor, subject, "commented", comment)
    if isinstance(subject, Issue):
        tell_watchers(actor=actor, issue=subject, what="commented", body=body)
    else:
        tell_incident_people(actor=actor, incident=subject, what="commented", body=body)
    return comment


@transaction.atomic
def change_outside_comment(*, actor: Actor, subject: Subject, source_id: str, body: str) -> Comment | None:
    """What its author made of a comment elsewhere; an empty `body` takes it away. None where there is none of that id.

    Raises: as `keep_outside_comment`.
    """
    access.require(actor, "comments", "update" if body else "delete")
    subject = _lock(actor, subject)
    comment: Comment | None = subject.comments.filter(source_id=source_id, author=None).first()
    if comment is None or comment.body == body:
        return comment
    if not body:
        told = Comment(pk=comment.pk, author_label=comment.author_label)
        comment.delete()
        _tell(actor, subject, "comment_deleted", told)
        return told
    comment.body = _check_body(body)
    comment.body_html, comment.edited_at = render_markdown(comment.body), clock.now()
    comment.save(update_fields=["body", "body_html", "edited_at"])
    _tell(actor, subject, "comment_edited", comment)
    return comment


def _lock(actor: Actor, subject: Subject) -> Subject:
    if isinstance(subject, Issue):
        return lock_issue(actor, subject, action="read")
    return lock_incident(actor, subject, action="read")


def _tell(actor: Actor, subject: Subject, what: str, comment: Comment) -> None:
    data = {"comment": comment.pk, "author": comment.author_name}
    if isinstance(subject, Issue):
        refresh_search([subject.pk])
        Issue.objects.filter(pk=subject.pk).update(updated_at=clock.now())
        log_issue(actor=actor, verb=f"issue.{what}", issue=subject, data=data)
    else:
        refresh_incident_search([subject.pk])
        Incident.objects.filter(pk=subject.pk).update(updated_at=clock.now())
        log_incident(actor=actor, verb=f"incident.{what}", incident=subject, data=data)


def _check_body(body: str) -> str:
    body = body.strip()[:MAX_COMMENT_CHARACTERS]
    if not body:
        raise InvalidInput.of_field("body", "1 to 65,536 characters.")
    return body
