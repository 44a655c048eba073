"""The demo's issues: two projects with work in every status, reported over the last weeks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from incidents.choices import IssueStatus
from incidents.intake.issue_files import SourceComment, SourceIssue
from incidents.models import Issue
from incidents.services.issue_import import import_issues
from incidents.services.issue_moves import move_issue
from incidents.services.issues import update_issue
from tracker import clock
from tracker.access import Actor
from tracker.models import Project
from tracker.services.projects import create_project

ISSUES_PATH = Path(__file__).resolve().parent.parent / "demo" / "issues.yaml"
STEPS = (IssueStatus.TRIAGED, IssueStatus.IN_PROGRESS)


def seed_issues(*, actor: Actor) -> int:
    """Brings the demo's issues in by the doors that everybody uses; how many. A project that is there is used."""
    document = yaml.safe_load(ISSUES_PATH.read_text(encoding="utf-8"))
    now = clock.now()
    for key, name in document["projects"].items():
        rows = [row for row in document["issues"] if row["project"] == key]
        project = Project.objects.filter(key=key).first() or create_project(actor=actor, key=key, name=name, owner=None)
        if project.archived_at is None:
            _seed_project(actor, project, rows, now)
    return len(document["issues"])


def _seed_project(actor: Actor, project: Project, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    told = [_tell(number, row, now) for number, row in enumerate(rows, start=1)]
    source = f"demo {project.key}"
    import_issues(actor=actor, issues=told, project=project, source=source)
    made = {issue.source_id: issue for issue in Issue.objects.filter(source=source).select_related("project")}
    for number, row in enumerate(rows, start=1):
        issue = made[str(number)]
        update_issue(actor=actor, issue=issue, changes={"severity": row["severity"], "priority": row["priority"]})
        for status in STEPS[: row.get("steps", 0)]:
            move_issue(actor=actor, issue=issue, status=status)


def _tell(number: int, row: dict[str, Any], now: datetime) -> SourceIssue:
    reported = now - timedelta(days=row["days"], hours=number)
    done_at = now - timedelta(days=row["done"], hours=number) if "done" in row else None
    comments = [
        SourceComment(f"{place}", author, body, reported + timedelta(hours=5 * place))
        for place, (author, body) in enumerate(row["comments"], start=1)
    ]
    changed = max(moment for moment in (reported, done_at, *(said.created_at for said in comments)) if moment)
    return SourceIssue(
        number=number,
        title=row["title"],
        body=row["body"],
        author="demo",
        tags=row["tags"],
        created_at=reported,
        updated_at=min(changed, now),
        done_at=done_at,
        comments=comments,
    )
