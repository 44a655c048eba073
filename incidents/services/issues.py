"""Issues: made, changed and deleted through one door each."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from incidents.models import Issue
from incidents.services.issue_fields import check_issue_fields, clean_issue_values, find_tags, issue_facts
from incidents.services.issue_keys import move_to_project, named_issue, no_live_project
from incidents.services.issue_news import log_issue, tell_assignee, tell_changes, tell_mentioned
from incidents.services.issue_rows import insert_issue
from incidents.services.issue_search import refresh_search
from incidents.services.steps import begin_stays
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import NotFound
from tracker.models import Project
from tracker.services.projects import ensure_inbox, may_report_in

PLAIN_FIELDS = ("title", "description", "severity", "priority", "assignee", "due_on", "factory")


def visible_issues(actor: Actor, action: str = "list") -> QuerySet[Issue]:
    """The one rule of which issues an actor may know of (or change, for `action="update"`): all, or those reported."""
    decision = access.decide(actor, "issues", action)
    if decision.is_for_all_rows:
        return Issue.objects.all()
    if decision.is_allowed and actor.user is not None:
        return Issue.objects.filter(reporter=actor.user)
    return Issue.objects.none()


@transaction.atomic
def create_issue(*, actor: Actor, values: Mapping[str, Any], project: Project | None = None) -> Issue:
    """A new issue with the project's next number.

    `values` holds title and what else the actor may write (`issue_fields_of`): texts as typed, `project` and `assignee`
    as rows, `tags` as words. `project` is where the address says that it belongs; else it goes to the inbox.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, issues.create.
        NotFound: the actor may not see the project.
        InvalidInput: naming each field.
    """
    access.require(actor, "issues", "create")
    check_issue_fields(actor, values)
    cleaned = clean_issue_values({"title": "", "description": "", **values})
    project = _find_project(actor, cleaned.pop("project", None) or project)
    tags = cleaned.pop("tags", [])
    issue = insert_issue(actor=actor, project=project, values=cleaned, now=clock.now())
    if issue is None:
        raise no_live_project()
    if tags:
        issue.tags.set(find_tags(tags))
    log_issue(actor=actor, verb="issue.created", issue=issue, after={"title": issue.title, "severity": issue.severity})
    told = tell_assignee(actor=actor, issue=issue)
    tell_mentioned(actor=actor, issue=issue, text=issue.description, except_ids=told)
    return issue


@transaction.atomic
def update_issue(*, actor: Actor, issue: Issue, changes: Mapping[str, Any]) -> Issue:
    """Changes fields of an issue; those that hold the same already are left alone, and nothing changed is no event.

    Raises: as `create_issue`; NotFound where the actor may not change this issue.
    """
    access.require(actor, "issues", "update")
    check_issue_fields(actor, changes)
    issue = lock_issue(actor, issue, action="update")
    cleaned = clean_issue_values(changes)
    tags = cleaned.pop("tags", None)
    project = cleaned.pop("project", issue.project)
    changed = [name for name in PLAIN_FIELDS if name in cleaned and getattr(issue, name) != cleaned[name]]
    before = issue_facts(issue, changed)
    for name in changed:
        setattr(issue, name, cleaned[name])
    after = issue_facts(issue, changed)
    if "description" in changed:
        issue.description_html = cleaned["description_html"]
    if tags is not None and set(tags) != set(old := issue_facts(issue, ["tags"])["tags"]):
        issue.tags.set(find_tags(tags))
        before["tags"], after["tags"] = old, sorted(tags)
    if project.pk != issue.project_id:
        before["key"] = issue.key
        move_to_project(issue, project)
        after["key"] = issue.key
    if not after:
        return issue
    _save_changes(actor, issue, changed)
    log_issue(actor=actor, verb="issue.updated", issue=issue, before=before, after=after)
    told = tell_assignee(actor=actor, issue=issue) if "assignee" in changed else set()
    if "description" in changed:
        known = str(before["description"])
        told |= tell_mentioned(actor=actor, issue=issue, text=issue.description, known=known, except_ids=told)
    tell_changes(actor=actor, issue=issue, fields=after, except_ids=told)
    return issue


@transaction.atomic
def delete_issue(*, actor: Actor, issue: Issue) -> None:
    """Deletes an issue with its comments and files; the log keeps what it was.

    Raises:
        PermissionDenied, NotFound: see access.yaml, issues.delete.
    """
    access.require(actor, "issues", "delete")
    issue = lock_issue(actor, issue, action="delete")
    log_issue(actor=actor, verb="issue.deleted", issue=issue, before={"key": issue.key, "title": issue.title})
    issue.delete()


@transaction.atomic
def watch_issue(*, actor: Actor, issue: Issue, is_watching: bool) -> None:
    """Puts oneself among those who are told of changes, or takes oneself out.

    Raises:
        NotFound: the actor may not see the issue, or is no person.
    """
    access.require(actor, "issues", "read")
    if actor.user is None or not visible_issues(actor, "read").filter(pk=issue.pk).exists():
        raise NotFound.unseen()
    is_watched = issue.watchers.filter(pk=actor.user.pk).exists()
    if is_watched == is_watching:
        return
    if is_watching:
        issue.watchers.add(actor.user)
    else:
        issue.watchers.remove(actor.user)
    log_issue(actor=actor, verb="issue.watched" if is_watching else "issue.unwatched", issue=issue)


def lock_issue(actor: Actor, issue: Issue, *, action: str) -> Issue:
    """The issue's row, locked and fresh; 404 for whoever may not do `action` to it."""
    rows = visible_issues(actor, action).select_related("project", "reporter", "assignee")
    found = rows.select_for_update(of=("self",), no_key=True).filter(pk=issue.pk).first()
    if found is None:
        raise NotFound.unseen()
    return found


def find_issue(actor: Actor, name: str) -> Issue | None:
    """The issue of this id, key (OPS-12) or former key, if the actor may see it."""
    named = named_issue(name)
    return visible_issues(actor, "read").select_related("project").filter(named).first() if named else None


def _find_project(actor: Actor, project: Project | None) -> Project:
    if project is None:
        return ensure_inbox()
    if not may_report_in(actor, project):
        raise NotFound.unseen()
    return project


def _save_changes(actor: Actor, issue: Issue, changed: list[str]) -> None:
    issue.updated_at = clock.now()
    begin_stays([issue], at=issue.updated_at, by=actor.label)
    fields = [*changed, "project", "number", "updated_at"]
    issue.save(update_fields=[*fields, "description_html"] if "description" in changed else fields)
    if {"title", "description"} & set(changed):
        refresh_search([issue.pk])
