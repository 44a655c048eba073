"""Reports as the API says them."""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from reports.choices import ReportState
from reports.kinds.contract import Drill, Kind, Presentation, Table
from reports.models import Report
from reports.services.presenting import label_of, present_report

# The words of old clients, who know three.
STATUS = {
    ReportState.PENDING: "pending",
    ReportState.RUNNING: "pending",
    ReportState.READY: "ready",
    ReportState.FAILED: "failed",
    ReportState.CANCELLED: "failed",
}
MOST_CHOICES = 200


def describe_report(report: Report) -> dict[str, Any]:
    """A report in a list: everything but what it says."""
    return {
        "id": report.pk,
        "kind": report.kind,
        "label": label_of(report),
        "type": report.kind,
        "parameters": report.parameters,
        "params": report.parameters,
        "state": report.state,
        "status": STATUS[ReportState(report.state)],
        "progress": {"done": report.progress_done, "total": report.progress_total},
        "error": report.error,
        "project": report.project.key if report.project else None,
        "owner": report.owner_label,
        "schedule": report.schedule,
        "as_of": report.as_of,
        "created_at": report.created_at,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "policy_versions": report.policy_versions,
        "content_hash": report.content_hash,
        "file": _describe_file(report),
    }


def describe_whole_report(report: Report) -> dict[str, Any]:
    """A report with what it says: `result` for machines, `presentation` for people."""
    shown = present_report(report)
    presentation = describe_presentation(report, shown) if shown is not None else None
    return {**describe_report(report), "result": report.result, "presentation": presentation}


def describe_presentation(report: Report, shown: Presentation) -> dict[str, Any]:
    """Figures, addresses of charts, tables and notes."""
    return {
        "figures": [
            {"label": figure.label, "value": figure.value, "drill": _describe_drill(figure.drill)}
            for figure in shown.figures
        ],
        "charts": [f"/v1/reports/{report.pk}/charts/{number}" for number in range(1, len(shown.charts) + 1)],
        "tables": [_describe_table(table) for table in shown.tables],
        "notes": list(shown.notes),
    }


def describe_kind(kind: Kind) -> dict[str, Any]:
    """A kind of report, and what may be asked of it."""
    fields = kind.parameters().fields
    return {
        "kind": kind.key,
        "label": kind.label,
        "description": kind.description,
        "parameters": [_describe_field(name, field) for name, field in fields.items()],
    }


def _describe_file(report: Report) -> dict[str, Any] | None:
    if not report.file_key:
        return None
    return {
        "name": report.file_name,
        "content_type": report.file_type,
        "size_bytes": report.file_bytes,
        "url": f"/v1/reports/{report.pk}/file",
    }


def _describe_table(table: Table) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": table.title,
        "headings": [{"key": one.key, "label": one.label, "unit": one.unit} for one in table.headings],
        "rows": [{"cells": list(row.cells), "drill": _describe_drill(row.drill)} for row in table.rows],
    }


def _describe_drill(drill: Drill | None) -> dict[str, str] | None:
    return {"admin": drill.admin, "api": drill.api} if drill is not None else None


def _describe_field(name: str, field: Any) -> dict[str, Any]:
    has_default = field.default is not empty and not callable(field.default)
    choices = None
    if isinstance(field, serializers.ChoiceField):
        choices = [{"value": value, "label": str(label)} for value, label in list(field.choices.items())[:MOST_CHOICES]]
    return {
        "name": name,
        "label": str(field.label or name),
        "type": type(field).__name__.removesuffix("Field").lower(),
        "help": str(field.help_text or ""),
        "is_required": bool(field.required),
        "default": field.to_representation(field.default) if has_default and field.default is not None else None,
        "choices": choices,
    }
