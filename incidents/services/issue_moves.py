"""An issue's way through its statuses, along the table in access.yaml, and the merging of duplicates."""

from django.db import transaction

from incidents.choices import IssueLinkKind, IssueStatus
from incidents.models import Attachment, Comment, Issue, IssueSpan
from incidents.services.issue_links import keep_link
from incidents.services.issue_news import log_issue, tell_watchers
from incidents.services.issue_search import refresh_search
from incidents.services.issues import lock_issue
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, FieldError, InvalidInput

WAY_TO_DONE = tuple(IssueStatus)


def possible_moves(status: str) -> list[str]:
    """The statuses that an issue may go to from `status`."""
    return [after for before, after in access.table()["transitions"]["issues"] if before == status]


def next_status(status: str) -> str:
    """The next status on the way to done, which is where it ends."""
    position = WAY_TO_DONE.index(IssueStatus(status))
    return WAY_TO_DONE[min(position + 1, len(WAY_TO_DONE) - 1)]


@transaction.atomic
def move_issue(*, actor: Actor, issue: Issue, status: str) -> Issue:
    """Moves an issue to another status; every stay is kept, and a reopening clears `triaged_at` and `done_at`.

    Raises:
        PermissionDenied, NotFound: see access.yaml, issues.transition.
        Conflict: there is no such move from where the issue stands; it names those there are.
    """
    access.require(actor, "issues", "transition")
    issue = lock_issue(actor, issue, action="transition")
    _step(actor, issue, IssueStatus(status))
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
    steps = WAY_TO_DONE[WAY_TO_DONE.index(IssueStatus(issue.status)) + 1 :]
    for status in steps:
        _step(actor, issue, status)
    if steps:
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
    for status in WAY_TO_DONE[WAY_TO_DONE.index(IssueStatus(issue.status)) + 1 :]:
        _step(actor, issue, status)
    refresh_search([issue.pk, into.pk])
    Issue.objects.filter(pk=into.pk).update(updated_at=clock.now())
    log_issue(actor=actor, verb="issue.merged", issue=issue, after={"merged_into": into.key})
    log_issue(actor=actor, verb="issue.updated", issue=into, after={"merged": issue.key})
    tell_watchers(actor=actor, issue=issue, what=f"merged it into {into.key}")
    return issue


def _step(actor: Actor, issue: Issue, status: IssueStatus) -> None:
    if status not in (moves := possible_moves(issue.status)):
        allowed = " or ".join(moves)
        message = f"{issue.key} is {issue.status}; from there it goes to {allowed}, not to {status}."
        raise Conflict(message, details=[FieldError("status", f"Must be {allowed}.")])
    now, before = clock.now(), issue.status
    # A clock that was set back must not make a stay end before it began.
    now = max(now, issue.spans.filter(ended_at=None).values_list("started_at", flat=True).first() or now)
    issue.spans.filter(ended_at=None).update(ended_at=now)
    IssueSpan.objects.create(issue=issue, status=status, started_at=now, started_by=actor.label[:120])
    issue.status = status
    issue.triaged_at = {IssueStatus.OPEN: None, IssueStatus.TRIAGED: now}.get(status, issue.triaged_at)
    issue.done_at = now if status == IssueStatus.DONE else None
    if status == IssueStatus.OPEN:
        # Somebody works on it again, so it is nobody's duplicate any more.
        issue.merged_into = None
    issue.updated_at = now
    issue.save(update_fields=["status", "triaged_at", "done_at", "merged_into", "updated_at"])
    log_issue(actor=actor, verb="issue.moved", issue=issue, before={"status": before}, after={"status": status})


def _hand_over(issue: Issue, into: Issue) -> None:
    # A comment that was imported once on each side stays where it is.
    taken = into.comments.exclude(source_id="").values("source_id")
    Comment.objects.filter(issue=issue).exclude(source_id__in=taken).update(issue=into)
    Attachment.objects.filter(issue=issue).update(issue=into)
    into.watchers.add(*issue.watchers.all())
    into.tags.add(*issue.tags.all())
