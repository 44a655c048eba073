"""The back office's pages for reports and daily figures."""

from reports.admin import reports

__all__ = ["reports"]
