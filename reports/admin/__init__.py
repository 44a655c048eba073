"""The back office's pages for reports and daily figures."""

from reports.admin import daily_stats, dashboard, report_plans, reports

__all__ = ["daily_stats", "dashboard", "report_plans", "reports"]
