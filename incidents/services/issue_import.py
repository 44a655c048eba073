"""Issues that come from elsewhere, with their dates: known ones are told again, new ones are made, set by set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from incidents.choices import IssueStatus
from incidents.intake.issue_files import SourceIssue
from incidents.models import Comment, FormerKey, Issue, IssueSpan
from incidents.rich_text import render_markdown
from incidents.services.issue_fields import find_tags
from incidents.services.issue_retelling import retell_issues
from incidents.services.issue_search import refresh_search
from incidents.services.steps import build_stay
from tracker import access
from tracker.access import Actor
from tracker.exceptions import InvalidInput
from tracker.models import Project
from tracker.services.events import log_event

BATCH_SIZE = 500
MAX_SOURCE_CHARACTERS = 100


@dataclass(slots=True)
class ImportCounts:
    """What became of the lines."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    comments: int = 0


def import_issues(
    *,
    actor: Actor,
    issues: Sequence[SourceIssue],
    project: Project,
    source: str,
    progress: Callable[[int], object] = lambda count: None,
) -> ImportCounts:
    """Takes issues of one source, BATCH_SIZE in each transaction; told twice is taken once.

    An issue is known by source and number. A known one is changed only where the source says something newer than at
    the import before: title and text, its state, further tags and comments. The log has one line for each batch.

    Raises:
        PermissionDenied: for maintainers, admins and the system; the table's issues.transition says who.
        InvalidInput: no name of a source, or an archived project.
    """
    access.require(actor, "issues", "create")
    access.require(actor, "issues", "transition")
    source = source.strip()
    if not 1 <= len(source) <= MAX_SOURCE_CHARACTERS or not source.isprintable():
        raise InvalidInput.of_field("source", f"1 to {MAX_SOURCE_CHARACTERS} characters.")
    counts = ImportCounts()
    highest = max((issue.number for issue in issues), default=0)
    for start in range(0, len(issues), BATCH_SIZE):
        batch = issues[start : start + BATCH_SIZE]
        _take_batch(actor, batch, project, source, highest, counts)
        progress(len(batch))
    return counts


@transaction.atomic
def _take_batch(
    actor: Actor, batch: Sequence[SourceIssue], project: Project, source: str, highest: int, counts: ImportCounts
) -> None:
    lock_source(source)
    rows = Issue.objects.filter(source=source, source_id__in=[str(issue.number) for issue in batch])
    known = {row.source_id: row for row in rows.select_for_update(no_key=True).order_by("pk").defer("search")}
    newer = [
        (known[str(told.number)], told)
        for told in batch
        if str(told.number) in known and _is_newer(told, known[str(told.number)])
    ]
    fresh = [told for told in batch if str(told.number) not in known]
    made = _make_issues(fresh, project, source, highest) if fresh else []
    retell_issues(newer, source=source)
    pairs = [*zip(made, fresh, strict=True), *newer]
    said = _keep_comments(pairs)
    _keep_tags(pairs)
    counts.created += len(made)
    counts.updated += len(newer)
    counts.unchanged += len(batch) - len(pairs)
    counts.comments += said
    if not pairs:
        return
    refresh_search([issue.pk for issue, _ in pairs])
    log_event(
        actor=actor,
        verb="issue.imported",
        object_type="issue_import",
        object_id=source,
        data={
            "project": project.pk,
            "created": [issue.pk for issue in made],
            "updated": [issue.pk for issue, _ in newer],
            "comments": said,
        },
    )


def _is_newer(told: SourceIssue, known: Issue) -> bool:
    return known.source_updated_at is None or told.updated_at > known.source_updated_at


def lock_source(source: str) -> None:
    """Whoever takes issues of one source waits for the others who do, whatever project they write to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2711))", [f"issue import {source}"])


def _make_issues(fresh: Sequence[SourceIssue], project: Project, source: str, highest: int) -> list[Issue]:
    numbers = _take_numbers(project, [told.number for told in fresh], highest)
    made = Issue.objects.bulk_create(
        [_build_issue(told, project, source, number) for told, number in zip(fresh, numbers, strict=True)]
    )
    stays: list[Any] = []
    for issue, told in zip(made, fresh, strict=True):
        was_open = {"status": IssueStatus.OPEN, "ended_at": told.done_at}
        stays.append(build_stay(issue, started_at=told.created_at, by=told.author or source, **was_open))
        if told.done_at is not None:
            stays.append(build_stay(issue, started_at=told.done_at, by=source))
    IssueSpan.objects.bulk_create(stays)
    return made


def _build_issue(told: SourceIssue, project: Project, source: str, number: int) -> Issue:
    return Issue(
        project=project,
        number=number,
        title=" ".join(told.title.split()),
        description=told.body,
        description_html=render_markdown(told.body),
        status=IssueStatus.OPEN if told.done_at is None else IssueStatus.DONE,
        done_at=told.done_at,
        reporter_label=told.author,
        source=source,
        source_id=str(told.number),
        source_updated_at=told.updated_at,
        created_at=told.created_at,
        updated_at=told.updated_at,
    )


def _take_numbers(project: Project, wanted: Sequence[int], highest: int) -> list[int]:
    """The source's own numbers where they are free here, numbers above all others where they are not."""
    row = Project.objects.select_for_update(no_key=True).filter(pk=project.pk, archived_at=None).first()
    if row is None:
        raise InvalidInput.of_field("project", "Must be a project that is not archived.")
    # In this order: an issue that moves away meanwhile is found by the one or the other.
    taken = set(Issue.objects.filter(project=project, number__in=wanted).values_list("number", flat=True))
    taken |= set(FormerKey.objects.filter(project=project, number__in=wanted).values_list("number", flat=True))
    last = max(row.last_issue_number, highest)
    numbers = []
    for number in wanted:
        if number in taken:
            number = last = last + 1
        numbers.append(number)
    if last != row.last_issue_number:
        Project.objects.filter(pk=project.pk).update(last_issue_number=last)
    return numbers


def _keep_comments(pairs: Sequence[tuple[Issue, SourceIssue]]) -> int:
    rows = Comment.objects.filter(issue__in=[issue.pk for issue, _ in pairs]).exclude(source_id="")
    known = set(rows.values_list("issue_id", "source_id"))
    fresh = [
        Comment(
            issue=issue,
            author_label=said.author or "somebody",
            body=said.body,
            body_html=render_markdown(said.body),
            source_id=said.source_id,
            created_at=said.created_at,
        )
        for issue, told in pairs
        for said in told.comments
        if (issue.pk, said.source_id) not in known
    ]
    Comment.objects.bulk_create(fresh, batch_size=BATCH_SIZE)
    return len(fresh)


def _keep_tags(pairs: Sequence[tuple[Issue, SourceIssue]]) -> None:
    by_name = {tag.name: tag.pk for tag in find_tags(name for _, told in pairs for name in told.tags)}
    through: Any = Issue.tags.through
    rows = [through(issue_id=issue.pk, tag_id=by_name[name]) for issue, told in pairs for name in told.tags]
    through.objects.bulk_create(rows, batch_size=5_000, ignore_conflicts=True)
