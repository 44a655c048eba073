"""Where everything stands, and how long what was done lately took."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from incidents.choices import IssueStatus
from incidents.services.past_sets import PastSet
from reports.kinds.contract import Drill, Figure, Heading, Kind, Presentation, Question, Result, Row, Table
from reports.kinds.durations import DAY
from reports.kinds.periods import TICK, PeriodSerializer, find_project
from reports.kinds.work import ISSUES, SUBJECT_CHOICES, SUBJECTS, drill_into_work, find_spans
from tracker.charts import Bar, Markup, Words, draw_bars
from tracker.periods import spell_moment

LAST_DAYS = 30
LABELS = {str(value): str(label) for value, label in IssueStatus.choices}


class DailySummarySerializer(PeriodSerializer):
    """One project or all; the days are always the last 30."""

    subject = serializers.ChoiceField(choices=SUBJECT_CHOICES, default=ISSUES, help_text="What is counted.")

    def get_fields(self) -> dict[str, Any]:
        """No days to choose."""
        fields = super().get_fields()
        return {name: fields[name] for name in ("subject", "project")}


def compute_daily_summary(question: Question) -> Result:
    """How many stand in each status, and the mean lead time of what was done in 30 days, in days; null where nothing
    was."""
    project = find_project(question)
    subject = SUBJECTS[question.parameters.get("subject") or ISSUES]
    key = project.key if project is not None else ""
    standing = find_spans(question.actor, subject, PastSet(as_of=question.as_of, project=key))
    counts = dict.fromkeys(LABELS, 0) | dict(standing.values_list("status").annotate(count=Count("pk")))
    question.progress(1, 2)
    lately = _lately(question, key)
    done = find_spans(question.actor, subject, lately).aggregate(count=Count("pk"), age=Sum("age_seconds"))
    return {
        "subject": subject.key,
        "project": key or None,
        "as_of": spell_moment(question.as_of),
        "status_counts": counts,
        "done_last_30_days": done["count"],
        "avg_lead_time_days_last_30_days": round(float(done["age"] / done["count"]) / DAY, 4)
        if done["count"]
        else None,
    }


def _lately(question: Question, project: str) -> PastSet:
    since = question.as_of - timedelta(days=LAST_DAYS)
    return PastSet(as_of=question.as_of, was="DONE", start=since, end=question.as_of + TICK, project=project)


def present_daily_summary(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """The counts with the lists behind them, and the mean."""
    told, mean = _in_order(result), result["avg_lead_time_days_last_30_days"]
    figures = [Figure(LABELS[status], f"{count:,}", _drill(result, status)) for status, count in told]
    written = "–" if mean is None else f"{mean:,.4g} days"
    lately = _drill(result, "DONE", days=LAST_DAYS)
    figures.append(Figure(f"Mean lead time, {LAST_DAYS} days", written, lately))
    figures.append(Figure(f"Done in {LAST_DAYS} days", f"{result['done_last_30_days']:,}", lately))
    rows = [Row((LABELS[status], count), _drill(result, status)) for status, count in told]
    headings = (Heading("status", "Status"), Heading("count", SUBJECTS[result["subject"]].name))
    notes = [
        "Lead time is the time from the report to the last completion, of what is done at the moment of the report."
    ]
    table = Table("status", "By status", headings, rows)
    return Presentation(figures, [_draw(result)], [table], notes)


def _in_order(result: Result) -> list[tuple[str, int]]:
    return [(status, result["status_counts"][status]) for status in LABELS]


def _draw(result: Result) -> Markup:
    name, bars = SUBJECTS[result["subject"]].name, []
    told = ", ".join(f"{LABELS[status].lower()} {count:,}" for status, count in _in_order(result))
    for status, count in _in_order(result):
        drill = _drill(result, status)
        bars.append(Bar(LABELS[status], [count], f"{LABELS[status]}: {count:,}", drill.admin if drill else ""))
    return draw_bars(Words("by-status", f"{name} by status", f"{name}: {told}."), bars, series=[name])


def _drill(result: Result, status: str, *, days: int = 0) -> Drill | None:
    as_of = parse_datetime(result["as_of"])
    if as_of is None:
        return None
    start, end = (as_of - timedelta(days=days), as_of + TICK) if days else (None, None)
    wanted = PastSet(as_of=as_of, was=status, start=start, end=end, project=result["project"] or "")
    return drill_into_work(result["subject"], wanted)


DAILY_SUMMARY = Kind(
    key="daily_summary",
    label="Daily summary",
    description="Where issues or incidents stand, and how long what was done in the last 30 days took.",
    resources=("issues", "incidents"),
    parameters=DailySummarySerializer,
    compute=compute_daily_summary,
    present=present_daily_summary,
)
