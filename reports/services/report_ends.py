"""How a report ends: ready or failed, each written only by whoever still holds its lease."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from reports.choices import ReportState
from reports.kinds.contract import KeptFile
from reports.models import Report
from reports.services.digests import hash_content, spell_json
from reports.services.presenting import label_of
from reports.services.report_news import RUNNER, log_report, tell_owner
from tracker import clock
from tracker.exceptions import TooLarge

MAX_RESULT_BYTES = 4 * 1024 * 1024
MAX_ERROR_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What was computed; `result` reads as PostgreSQL gives it back."""

    result: Mapping[str, Any]
    policy_versions: Sequence[int] = ()
    file: KeptFile | None = None


def settle_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result as it reads once it is kept: keys in PostgreSQL's order, numbers in its spelling.

    Raises:
        TypeError, ValueError: it is no plain JSON. TooLarge: it has more than MAX_RESULT_BYTES.
        DataError: it holds a text that cannot be kept.
    """
    text = spell_json(dict(result))
    if len(text.encode("utf-8", "surrogatepass")) > MAX_RESULT_BYTES:
        raise TooLarge(f"The result has more than {MAX_RESULT_BYTES // 1024**2} MiB; ask for less at once.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [text])
        settled: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return settled


@transaction.atomic
def finish_report(report: Report, *, lease: uuid.UUID, answer: Answer) -> bool:
    """Writes the answer; False where the lease is in other hands, or the report ended otherwise."""
    content_hash = hash_content(
        kind=report.kind,
        parameters=report.parameters,
        as_of=report.as_of,
        result=answer.result,
        policy_versions=answer.policy_versions,
    )
    values: dict[str, Any] = {
        "state": ReportState.READY,
        "result": answer.result,
        "policy_versions": list(answer.policy_versions),
        "content_hash": content_hash,
        **_describe_file(answer.file),
    }
    if not _end(report, lease, values):
        return False
    log_report(
        actor=RUNNER,
        verb="report.ready",
        report=report,
        after={"as_of": report.as_of, "content_hash": content_hash},
    )
    tell_owner(report, f"{label_of(report)} is ready")
    return True


@transaction.atomic
def fail_report(report: Report, *, lease: uuid.UUID, reason: str) -> bool:
    """Ends the report with a reason; False where the lease is in other hands, or the report ended otherwise."""
    error = reason.replace("\0", "")[:MAX_ERROR_CHARACTERS] or "It failed without a reason."
    if not _end(report, lease, {"state": ReportState.FAILED, "error": error}):
        return False
    log_report(actor=RUNNER, verb="report.failed", report=report, after={"error": error})
    tell_owner(report, f"{label_of(report)} could not be made", body=error)
    return True


def _describe_file(file: KeptFile | None) -> dict[str, Any]:
    if file is None:
        return {}
    return {
        "file_name": file.name,
        "file_key": file.storage_key,
        "file_type": file.content_type,
        "file_bytes": file.size_bytes,
    }


def _end(report: Report, lease: uuid.UUID, values: Mapping[str, Any]) -> bool:
    rows = Report.objects.filter(pk=report.pk, lease=lease, state=ReportState.RUNNING)
    return bool(rows.update(**values, finished_at=clock.now(), lease=None, leased_until=None))
