"""Issues that live in another tracker: told anew as that one tells them, known by the source and number of imports."""

from typing import Any

from django.db import transaction

from incidents.choices import HookTarget, IssueStatus
from incidents.intake.hooks.github import GONE
from incidents.intake.hooks.signals import Signal, SourceNews
from incidents.models import Hook, Issue
from incidents.services.carriers import Thing
from incidents.services.hook_rules import Plan
from incidents.services.hook_signals import Result, close_signal, find_open, open_signal, take_signal
from incidents.services.issue_fields import MAX_TAGS, clean_tag
from incidents.services.issue_import import lock_source
from incidents.services.issue_moves import finish_issue, move_issue
from incidents.services.issues import create_issue, update_issue
from incidents.services.outside_comments import change_outside_comment, keep_outside_comment
from tracker import clock
from tracker.access import Actor
from tracker.models import Event

TELLS_OF_TAGS = frozenset({"labeled", "unlabeled"})


def take_news(*, actor: Actor, hook: Hook, signal: Signal, news: SourceNews, plan: Plan) -> Result:
    """Does what another tracker says of an issue, in the transaction of its call.

    An issue that an import brought is the same one. News that are older than what is known change nothing.

    Raises:
        DomainError: what the issue's own services refuse.
    """
    lock_source(news.source)
    issue = Issue.objects.select_related("project").filter(source=news.source, source_id=str(news.number)).first()
    if issue is None and plan.target != HookTarget.ISSUE:
        return _take_elsewhere(actor, hook, signal, news, plan)
    if issue is None:
        if news.is_done:
            return Result(signal.fingerprint, "unknown", note="It is closed there, and was never known here.")
        issue = _make(actor, news, plan)
        _note(hook, signal, issue)
        _take_comment(actor, issue, news)
        return Result(signal.fingerprint, "opened", issue, f"By the rule {plan.rule}." if plan.rule else "")
    return _retell(actor, hook, signal, news, issue)


def _take_elsewhere(actor: Actor, hook: Hook, signal: Signal, news: SourceNews, plan: Plan) -> Result:
    """By a rule it is an incident, or nothing."""
    result = take_signal(actor=actor, hook=hook, signal=signal, plan=plan)
    if result.subject is not None and result.result != "closed":
        _take_comment(actor, result.subject, news)
    return result


def _make(actor: Actor, news: SourceNews, plan: Plan) -> Issue:
    values = {"title": plan.title, "description": news.body, "severity": plan.severity, "tags": _clean_tags(news.tags)}
    issue = create_issue(actor=actor, values=values, project=plan.project)
    issue.source, issue.source_id, issue.source_updated_at = news.source, str(news.number), news.updated_at
    issue.reporter_label = news.author
    issue.save(update_fields=["source", "source_id", "source_updated_at", "reporter_label"])
    return issue


def _retell(actor: Actor, hook: Hook, signal: Signal, news: SourceNews, issue: Issue) -> Result:
    is_changed = _take_comment(actor, issue, news)
    if issue.source_updated_at is not None and news.updated_at < issue.source_updated_at:
        return Result(signal.fingerprint, "appended" if is_changed else "unchanged", issue, "Later news are known.")
    changes = _changes(issue, news)
    if changes:
        issue = update_issue(actor=actor, issue=issue, changes=changes)
    Issue.objects.filter(pk=issue.pk).update(source_updated_at=news.updated_at)
    is_closing, is_reopening = _moves(issue, news)
    if is_closing:
        finish_issue(actor=actor, issue=issue)
    elif is_reopening:
        move_issue(actor=actor, issue=issue, status=IssueStatus.OPEN)
    _note(hook, signal, issue)
    word = "closed" if is_closing else "updated" if changes or is_reopening else "unchanged"
    return Result(signal.fingerprint, "appended" if word == "unchanged" and is_changed else word, issue)


def _moves(issue: Issue, news: SourceNews) -> tuple[bool, bool]:
    """Whether it closes, and whether it is open again: only what says so undoes what people did here."""
    is_done = issue.status == IssueStatus.DONE
    return news.action in GONE and not is_done, news.action == "reopened" and is_done


def _changes(issue: Issue, news: SourceNews) -> dict[str, Any]:
    """What the source says otherwise, but for what people here have written in its place."""
    changes: dict[str, Any] = {}
    if news.action == "edited":
        told = {"title": news.title, "description": news.body}
        changes = {
            name: text
            for name, text in told.items()
            if getattr(issue, name) != text and not _is_written_here(issue, name)
        }
    if news.action in TELLS_OF_TAGS and (words := _clean_tags((news.tag,))):
        tags = set(issue.tags.values_list("name", flat=True))
        tags = tags | set(words) if news.action == "labeled" else tags - set(words)
        changes["tags"] = sorted(tags)[:MAX_TAGS]
    return changes


def _is_written_here(issue: Issue, name: str) -> bool:
    rows = Event.objects.filter(object_type="issue", object_id=str(issue.pk), verb="issue.updated")
    return rows.filter(before__has_key=name, actor__isnull=False).exists()


def _take_comment(actor: Actor, thing: Thing, news: SourceNews) -> bool:
    """Whether what was said changed something here."""
    said = news.comment
    if said is None:
        return False
    if said.action == "deleted":
        return change_outside_comment(actor=actor, thing=thing, source_id=said.id, body="")
    if not said.body:
        return False
    if said.action == "edited" and change_outside_comment(actor=actor, thing=thing, source_id=said.id, body=said.body):
        return True
    kept = keep_outside_comment(actor=actor, thing=thing, body=said.body, author_label=said.author, source_id=said.id)
    return kept is not None


def _clean_tags(words: tuple[str, ...]) -> list[str]:
    tags: dict[str, None] = {}
    for word in words:
        try:
            tags[clean_tag(word.replace(",", " ")[:50])] = None
        except ValueError:
            continue
    return list(tags)[:MAX_TAGS]


@transaction.atomic
def _note(hook: Hook, signal: Signal, issue: Issue) -> None:
    """The row by which the issue's page shows where its news come from; it is open while the issue is there."""
    if not signal.is_firing:
        row = find_open(hook, signal.fingerprint)
        if row is not None:
            close_signal(row)
        return
    row, is_new = open_signal(hook, signal.fingerprint)
    row.issue = issue
    if not is_new:
        row.count, row.last_at = row.count + 1, clock.now()
    row.save(update_fields=["issue", "count", "last_at"])
