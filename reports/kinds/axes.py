"""How days, weeks, months and years are written: below a chart, where there is little room, and above a column."""

from datetime import date

HEADINGS = {"day": "Day", "week": "Week from", "month": "Month from"}
FORMS = {"day": "%-d %b", "week": "%-d %b", "month": "%b %Y", "year": "%Y"}


def write_day(day: str, bucket: str) -> str:
    """A day of a result, such as 2026-11-21, as the first or last of a bucket."""
    return date.fromisoformat(day).strftime(FORMS[bucket])
