"""What is kept of reports and daily figures."""

from reports.models.reports import Report

__all__ = ["Report"]
