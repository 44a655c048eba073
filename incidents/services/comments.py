"""What people say about an issue."""

from django.db import transaction
from django.db.models import QuerySet

from incidents.models import Comment, Issue
from incidents.rich_text import render_markdown
from incidents.services.issue_fields import check_text
from incidents.services.issue_news import log_issue, tell_mentioned, tell_watchers
from incidents.services.issue_search import refresh_search
from incidents.services.issues import lock_issue, visible_issues
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput, NotFound, PermissionDenied

MAX_COMMENT_CHARACTERS = 65_536
MAX_COMMENTS = 5_000


def visible_comments(actor: Actor, issue: Issue) -> QuerySet[Comment]:
    """The comments of an issue that the actor may see: all or none."""
    is_seen = access.may(actor, "comments", "list") and visible_issues(actor, "read").filter(pk=issue.pk).exists()
    return Comment.objects.filter(issue=issue) if is_seen else Comment.objects.none()


@transaction.atomic
def comment_on_issue(*, actor: Actor, issue: Issue, body: str) -> Comment:
    """Adds a comment; those who are mentioned, and those who watch, are told.

    Raises:
        PermissionDenied: only people comment.
        NotFound: the actor may not see the issue.
        InvalidInput: empty or too long, or the issue has MAX_COMMENTS.
    """
    access.require(actor, "comments", "create")
    if actor.user is None:
        raise PermissionDenied("Only people comment.")
    body = _check_body(body)
    issue = lock_issue(actor, issue, action="read")
    if issue.comments.count() >= MAX_COMMENTS:
        raise InvalidInput.of_field("body", f"An issue has up to {MAX_COMMENTS:,} comments.")
    now = clock.now()
    comment = Comment.objects.create(
        issue=issue, author=actor.user, body=body, body_html=render_markdown(body), created_at=now
    )
    _touch(issue)
    log_issue(actor=actor, verb="issue.commented", issue=issue, data={"comment": comment.pk})
    mentioned = tell_mentioned(actor=actor, issue=issue, text=body)
    tell_watchers(actor=actor, issue=issue, what="commented", body=body, except_ids=mentioned)
    return comment


@transaction.atomic
def edit_comment(*, actor: Actor, issue: Issue, comment: Comment, body: str) -> Comment:
    """Changes one's own comment.

    Raises:
        NotFound: the actor may not see it. PermissionDenied: it is somebody else's. InvalidInput: as above.
    """
    access.require(actor, "comments", "update")
    body = _check_body(body)
    issue = lock_issue(actor, issue, action="read")
    comment = _find(issue, comment)
    if actor.user is None or comment.author_id != actor.user.pk:
        raise PermissionDenied("Only its author changes a comment.")
    if comment.body == body:
        return comment
    before = comment.body
    comment.body, comment.body_html, comment.edited_at = body, render_markdown(body), clock.now()
    comment.save(update_fields=["body", "body_html", "edited_at"])
    _touch(issue)
    log_issue(actor=actor, verb="issue.comment_edited", issue=issue, data={"comment": comment.pk})
    tell_mentioned(actor=actor, issue=issue, text=body, known=before)
    return comment


@transaction.atomic
def delete_comment(*, actor: Actor, issue: Issue, comment: Comment) -> None:
    """Takes a comment away; the log keeps that it was there, not what it said.

    Raises:
        PermissionDenied, NotFound: see access.yaml, comments.delete.
    """
    access.require(actor, "comments", "delete")
    issue = lock_issue(actor, issue, action="read")
    comment = _find(issue, comment)
    data = {"comment": comment.pk, "author": comment.author_name}
    comment.delete()
    _touch(issue)
    log_issue(actor=actor, verb="issue.comment_deleted", issue=issue, data=data)


def _find(issue: Issue, comment: Comment) -> Comment:
    """Only through its issue, so that nobody reaches a comment by another issue's address."""
    found = Comment.objects.select_related("author").filter(issue=issue, pk=comment.pk).first()
    if found is None:
        raise NotFound.unseen()
    return found


def _check_body(body: str) -> str:
    try:
        return check_text(body, longest=MAX_COMMENT_CHARACTERS, is_required=True)
    except ValueError as error:
        raise InvalidInput.of_field("body", str(error)) from None


def _touch(issue: Issue) -> None:
    refresh_search([issue.pk])
    Issue.objects.filter(pk=issue.pk).update(updated_at=clock.now())
