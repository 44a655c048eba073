"""An issue's way through its statuses, along the table in access.yaml, and the merging of duplicates."""

from django.db import transaction

from incidents.choices import IssueLinkKind, IssueStatus
from incidents.models import Attachment, Comment, Issue
from incidents.services.issue_links import keep_link
from incidents.services.issue_news import log_issue, tell_watchers
from incidents.services.issue_search import refresh_search
from incidents.services.issues import lock_issue
from incidents.services.steps import next_status, take_step
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput


@transaction.atomic
def move_issue(*, actor: Actor, issue: Issue, status: str) -> Issue:
    """Moves an issue to another status; every stay is kept, and a reopening clears `triaged_at` and `done_at`.

    Raises:
        PermissionDenied, NotFound: see access.yaml, issues.transition.
        Conflict: there is no such move from where the issue stands; it names those there are.
    """
    access.require(actor, "issues", "transition")
    issue = lock_issue(actor, issue, action="transition")
    _take_step(actor, issue, status)
    words = f"moved it to {IssueStatus(status).label.lower()}"
    tell_watchers(actor=actor, issue=issue, what=words)
    return issue


@transaction.atomic
def finish_issue(*, actor: Actor, issue: Issue) -> Issue:
    """Moves an issue step by step to DONE, so that its history is like any other's; done already is done.

    Raises: as `move_issue`.
    """
    access.require(actor, "issues", "transition")
    issue = lock_issue(actor, issue, action="transition")
    if issue.status == IssueStatus.DONE:
        return issue
    _take_steps_to_done(actor, issue)
    tell_watchers(actor=actor, issue=issue, what="closed it")
    return issue


@transaction.atomic
def merge_issue(*, actor: Actor, issue: Issue, into: Issue) -> Issue:
    """Closes a duplicate: its comments, files, watchers and tags go to the other issue, to which it is linked.

    It takes every step to DONE that the table knows, so that its history is like any other's.

    Raises:
        PermissionDenied, NotFound: see access.yaml, issues.transition.
        InvalidInput: into itself.
        Conflict: one of the two was merged before.
    """
    access.require(actor, "issues", "transition")
    if issue.pk == into.pk:
        raise InvalidInput.of_field("into", "Must be another issue.")
    # Both are locked in the order of their ids, so that two merges of one pair wait and never block each other.
    locked = {pk: lock_issue(actor, Issue(pk=pk), action="transition") for pk in sorted((issue.pk, into.pk))}
    issue, into = locked[issue.pk], locked[into.pk]
    for one in (issue, into):
        if one.merged_into_id is not None:
            raise Conflict(f"{one.key} was merged into another issue before.")
    _hand_over(issue, into)
    keep_link(source=issue, target=into, kind=IssueLinkKind.DUPLICATES)
    Issue.objects.filter(pk=issue.pk).update(merged_into=into)
    issue.merged_into = into
    _take_steps_to_done(actor, issue)
    refresh_search([issue.pk, into.pk])
    Issue.objects.filter(pk=into.pk).update(updated_at=clock.now())
    log_issue(actor=actor, verb="issue.merged", issue=issue, after={"merged_into": into.key})
    log_issue(actor=actor, verb="issue.updated", issue=into, after={"merged": issue.key})
    tell_watchers(actor=actor, issue=issue, what=f"merged it into {into.key}")
    return issue


def _take_step(actor: Actor, issue: Issue, status: str) -> None:
    before = take_step(actor=actor, row=issue, status=status)
    if status == IssueStatus.OPEN and issue.merged_into_id is not None:
        # Somebody works on it again, so it is nobody's duplicate any more.
        issue.merged_into = None
        issue.save(update_fields=["merged_into"])
    log_issue(actor=actor, verb="issue.moved", issue=issue, before={"status": before}, after={"status": status})


def _take_steps_to_done(actor: Actor, issue: Issue) -> None:
    while issue.status != IssueStatus.DONE:
        _take_step(actor, issue, next_status(issue.status))


def _hand_over(issue: Issue, into: Issue) -> None:
    # A comment that was imported once on each side stays where it is.
    taken = into.comments.exclude(source_id="").values("source_id")
    Comment.objects.filter(issue=issue).exclude(source_id__in=taken).update(issue=into)
    Attachment.objects.filter(issue=issue).update(issue=into)
    into.watchers.add(*issue.watchers.all())
    into.tags.add(*issue.tags.all())
