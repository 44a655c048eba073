"""Triage of many issues at once."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from incidents.choices import IssueStatus
from incidents.models import Issue
from incidents.services.issue_fields import check_issue_fields
from incidents.services.issue_moves import move_issue
from incidents.services.issues import update_issue, visible_issues
from incidents.services.steps import next_status
from incidents.services.triage_rows import TriageResult, check_ids, find_rows, triage_each
from tracker import access
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput

NOUNS = "issues"


def triage_issues(
    *,
    actor: Actor,
    ids: Sequence[int],
    changes: Mapping[str, Any],
    status: str | None = None,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> list[TriageResult[Issue]]:
    """Changes up to MAX_ROWS issues; one that refuses leaves the others alone. In the order of `ids`.

    Raises:
        PermissionDenied: see access.yaml, issues.update and issues.transition.
        NotFound: one of the ids is not there or not to be seen; nothing is changed then.
        InvalidInput: nothing to change, too many issues, or a field that the actor may not write.
    """
    _check(actor, ids, changes, status, [*add_tags, *remove_tags])
    work = partial(_triage, actor=actor, changes=changes, status=status, add_tags=add_tags, remove_tags=remove_tags)
    return triage_each(_find_all(actor, ids), work)


def advance_issues(*, actor: Actor, ids: Sequence[int]) -> list[TriageResult[Issue]]:
    """Moves up to MAX_ROWS issues one step towards done; one that is done refuses, and reopening is another matter.

    Raises: as `triage_issues`.
    """
    access.require(actor, "issues", "transition")
    check_ids(ids, nouns=NOUNS)
    return triage_each(_find_all(actor, ids), partial(_advance, actor=actor))


def _find_all(actor: Actor, ids: Sequence[int]) -> list[Issue]:
    return find_rows(visible_issues(actor, "update").select_related("project"), ids, nouns=NOUNS)


def _advance(issue: Issue, *, actor: Actor) -> Issue:
    if issue.status == IssueStatus.DONE:
        raise Conflict(f"{issue.key} is done already.")
    return move_issue(actor=actor, issue=issue, status=next_status(issue.status))


def _check(
    actor: Actor, ids: Sequence[int], changes: Mapping[str, Any], status: str | None, tags: Sequence[str]
) -> None:
    access.require(actor, "issues", "update")
    if status is not None:
        access.require(actor, "issues", "transition")
    check_issue_fields(actor, [*changes, *(["tags"] if tags else [])])
    check_ids(ids, nouns=NOUNS)
    if not changes and status is None and not tags:
        raise InvalidInput.of_field("changes", "Say what to change.")


def _triage(
    issue: Issue,
    *,
    actor: Actor,
    changes: Mapping[str, Any],
    status: str | None,
    add_tags: Sequence[str],
    remove_tags: Sequence[str],
) -> Issue:
    wanted = dict(changes)
    if add_tags or remove_tags:
        # Under the lock: two people who tag one issue at once must both be heard.
        Issue.objects.select_for_update(no_key=True).get(pk=issue.pk)
        present = list(issue.tags.values_list("name", flat=True))
        wanted["tags"] = [tag for tag in dict.fromkeys([*present, *add_tags]) if tag not in set(remove_tags)]
    if wanted:
        issue = update_issue(actor=actor, issue=issue, changes=wanted)
    if status is not None and issue.status != status:
        issue = move_issue(actor=actor, issue=issue, status=status)
    return issue
