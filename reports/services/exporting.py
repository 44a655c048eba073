"""Reports as files: what one says, written anew each time; or the file that was made with it."""

from typing import Any

from django.core.files import File

from reports.choices import ReportState
from reports.exports.documents import Export, read_format, write_document
from reports.kinds import KINDS
from reports.models import Report
from reports.services.presenting import label_of, present_report
from reports.services.report_rights import check_taking, visible_reports
from tracker import access
from tracker.access import Actor
from tracker.exceptions import Conflict, NotFound, Unavailable
from tracker.files.keeping import open_file


def export_report(*, actor: Actor, report: Report, file_format: str) -> Export:
    """The tables of a finished report as csv (several of them in an archive), xlsx or json.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, reports.export. NotFound: it is out of reach.
        InvalidInput: no such format. Conflict: it is not ready.
    """
    access.require(actor, "reports", "export")
    chosen = read_format(file_format)
    if not visible_reports(actor, "export").filter(pk=report.pk).exists():
        raise NotFound.unseen()
    presentation = present_report(report)
    if report.state != ReportState.READY or presentation is None:
        raise Conflict("There is nothing to export: this report is not ready.")
    return write_document(presentation, chosen, stem=f"{report.kind}-{report.pk}", facts=_describe(report))


def open_report_file(*, actor: Actor, report: Report) -> "File[Any]":
    """The file that was made with a report.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, reports.export and what the file holds.
        NotFound: the report is out of reach, or has no file. Unavailable: the bytes are missing.
    """
    access.require(actor, "reports", "export")
    if not report.file_key or not visible_reports(actor, "export").filter(pk=report.pk).exists():
        raise NotFound.unseen()
    kind = KINDS.get(report.kind)
    if kind is not None:
        check_taking(actor, kind, report.parameters)
    try:
        return open_file(report.file_key)
    except FileNotFoundError:
        raise Unavailable("The bytes of this file are missing in the file store.") from None


def _describe(report: Report) -> dict[str, Any]:
    return {
        "id": report.pk,
        "kind": report.kind,
        "label": label_of(report),
        "parameters": report.parameters,
        "as_of": report.as_of,
        "policy_versions": report.policy_versions,
        "content_hash": report.content_hash,
        "result": report.result,
    }
