"""Finished reports made readable."""

import logging

from reports.choices import ReportState
from reports.kinds import KINDS
from reports.kinds.contract import Kind, Presentation
from reports.models import Report

TOO_OLD = "This version of Tracker cannot show this report; its result is as it was, and can be read in the API."
logger = logging.getLogger(__name__)


def kind_of(report: Report) -> Kind | None:
    """What kind of report it is; None where Tracker does not make such any more."""
    return KINDS.get(report.kind)


def label_of(report: Report) -> str:
    """What people call a report of this kind."""
    kind = kind_of(report)
    return kind.label if kind is not None else report.kind


def present_report(report: Report) -> Presentation | None:
    """What there is to read; None where it is not ready, or nobody knows its kind any more."""
    kind = kind_of(report)
    if kind is None or report.state != ReportState.READY:
        return None
    try:
        return kind.present(report.result or {}, report.parameters)
    except Exception:
        # It could be shown when it was made; the code has moved on since, and what it says is still there.
        logger.exception("A report cannot be shown any more.", extra={"operation": report.kind})
        return Presentation(notes=[TOO_OLD])
