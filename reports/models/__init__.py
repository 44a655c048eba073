"""Tables of figures and reports; import them from here."""

from reports.models.daily_stats import DailyStat
from reports.models.mailings import ReportMailing, ReportRound
from reports.models.reports import Report

__all__ = ["DailyStat", "Report", "ReportMailing", "ReportRound"]
