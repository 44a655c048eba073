"""Triage of many issues at once: each row by the same doors as one, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from incidents.choices import IssueStatus
from incidents.models import Issue
from incidents.services.issue_fields import check_issue_fields
from incidents.services.issue_moves import move_issue, next_status
from incidents.services.issues import update_issue, visible_issues
from tracker import access
from tracker.access import Actor
from tracker.exceptions import Conflict, DomainError, InvalidInput, NotFound

MAX_ISSUES = 200


@dataclass(frozen=True, slots=True)
class TriageResult:
    """What became of one issue: changed, the same already, or the refusal that says why not."""

    issue: Issue
    is_changed: bool
    refusal: DomainError | None = None


def triage_issues(
    *,
    actor: Actor,
    ids: Sequence[int],
    changes: Mapping[str, Any],
    status: str | None = None,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> list[TriageResult]:
    """Changes up to MAX_ISSUES issues; one that refuses leaves the others alone. In the order of `ids`.

    Raises:
        PermissionDenied: see access.yaml, issues.update and issues.transition.
        NotFound: one of the ids is not there or not to be seen; nothing is changed then.
        InvalidInput: nothing to change, too many issues, or a field that the actor may not write.
    """
    _check(actor, ids, changes, status, [*add_tags, *remove_tags])
    found = _find_all(actor, ids)
    return [
        _triage_one(actor, found[pk], changes, status, add_tags=add_tags, remove_tags=remove_tags)
        for pk in dict.fromkeys(ids)
    ]


def advance_issues(*, actor: Actor, ids: Sequence[int]) -> list[TriageResult]:
    """Moves up to MAX_ISSUES issues one step towards done; one that is done refuses, and reopening is another matter.

    Raises: as `triage_issues`.
    """
    access.require(actor, "issues", "transition")
    if not 1 <= len(ids) <= MAX_ISSUES:
        raise InvalidInput.of_field("ids", f"1 to {MAX_ISSUES} issues.")
    found = _find_all(actor, ids)
    return [_advance_one(actor, found[pk]) for pk in dict.fromkeys(ids)]


def _find_all(actor: Actor, ids: Sequence[int]) -> dict[int, Issue]:
    found = visible_issues(actor, "update").select_related("project").in_bulk(list(ids))
    if len(found) < len(set(ids)):
        raise NotFound("One of these issues is not there, or you may not see it.")
    return found


def _advance_one(actor: Actor, issue: Issue) -> TriageResult:
    try:
        if issue.status == IssueStatus.DONE:
            raise Conflict(f"{issue.key} is done already.")
        moved = move_issue(actor=actor, issue=issue, status=next_status(issue.status))
    except DomainError as refusal:
        return TriageResult(issue, is_changed=False, refusal=refusal)
    return TriageResult(moved, is_changed=True)


def _check(
    actor: Actor, ids: Sequence[int], changes: Mapping[str, Any], status: str | None, tags: Sequence[str]
) -> None:
    access.require(actor, "issues", "update")
    if status is not None:
        access.require(actor, "issues", "transition")
    check_issue_fields(actor, [*changes, *(["tags"] if tags else [])])
    if not 1 <= len(ids) <= MAX_ISSUES:
        raise InvalidInput.of_field("ids", f"1 to {MAX_ISSUES} issues.")
    if not changes and status is None and not tags:
        raise InvalidInput.of_field("changes", "Say what to change.")


def _triage_one(
    actor: Actor,
    issue: Issue,
    changes: Mapping[str, Any],
    status: str | None,
    *,
    add_tags: Sequence[str],
    remove_tags: Sequence[str],
) -> TriageResult:
    before = issue.updated_at
    try:
        with transaction.atomic():
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
    except DomainError as refusal:
        return TriageResult(issue, is_changed=False, refusal=refusal)
    return TriageResult(issue, is_changed=issue.updated_at != before)
