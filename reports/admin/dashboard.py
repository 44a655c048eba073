"""The first page's boxes of figures: what is open by severity, promises kept this month, how the backlog goes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from incidents.admin.facets import SAMPLE, Sample, count_totals
from incidents.choices import ClockKind, IncidentStatus, IssueStatus, Severity
from incidents.services.incidents import visible_incidents
from incidents.services.issues import visible_issues
from incidents.services.settled_promises import ANY, Settled
from reports.choices import DailyMeasure
from reports.services.overview import (
    OF_BACKLOG,
    Attainment,
    read_backlog,
    read_open_by_severity,
    sum_attainment,
)
from tracker.access import Actor, may
from tracker.admin.base import actor_of
from tracker.admin.site import Panel, TrackerAdminSite
from tracker.admin.tiles import BarRow, measure_bars
from tracker.charts import Line, Words, draw_lines
from tracker.site_time import DAY, site_today, start_of_day

TREND_DAYS = 30
TONES = {Severity.CRITICAL: "breach", Severity.HIGH: "alert", Severity.MEDIUM: "info", Severity.LOW: "quiet"}
# Issues have an index by status and severity, incidents one of what is not done by severity.
OPEN_ISSUES = Q(status__in=[str(status) for status in IssueStatus if status != IssueStatus.DONE])
OPEN_INCIDENTS = ~Q(status=IncidentStatus.DONE)
LISTS = {
    DailyMeasure.ISSUES: "admin:incidents_issue_changelist",
    DailyMeasure.INCIDENTS: "admin:incidents_incident_changelist",
    DailyMeasure.TICKETS: "admin:incidents_ticket_changelist",
}
site: TrackerAdminSite = admin.site  # type: ignore[assignment]


class BySeverity(NamedTuple):
    """The open issues or incidents; `told_at` where some figures are not of this moment."""

    name: str
    bars: list[BarRow]
    told_at: datetime | None
    address: str


def severity_panel(request: HttpRequest) -> Panel | None:
    """Open issues and incidents by severity, each where the reader may list them."""
    actor = actor_of(request)
    seen: list[tuple[DailyMeasure, QuerySet[Any]]] = []
    if may(actor, "issues", "list"):
        seen.append((DailyMeasure.ISSUES, visible_issues(actor).filter(OPEN_ISSUES)))
    if may(actor, "incidents", "list"):
        seen.append((DailyMeasure.INCIDENTS, visible_incidents(actor).filter(OPEN_INCIDENTS)))
    if not seen:
        return None
    samples = iter(count_totals([rows.filter(severity=one) for _, rows in seen for one in Severity]))
    groups = [_describe(actor, measure, {one: next(samples) for one in Severity}) for measure, _ in seen]
    context = {"groups": groups, "most": SAMPLE}
    return Panel("admin/reports/panels/severity.html", context, position=10, live_types=("issue", "incident"))


def _describe(actor: Actor, measure: DailyMeasure, found: Mapping[Severity, Sample]) -> BySeverity:
    """Counted as of now as far as a sample goes, and by the daily figures beyond."""
    many = [severity for severity, sample in found.items() if sample.is_capped]
    daily = read_open_by_severity(actor=actor, measure=measure) if many else None
    known = {severity: sample.total for severity, sample in found.items()}
    if daily is not None:
        known |= {severity: max(known[severity], daily.counts[severity]) for severity in many}
    worst_first = list(reversed(Severity))
    shares, address = measure_bars([known[severity] for severity in worst_first]), reverse(LISTS[measure])
    bars = [
        BarRow(
            str(severity.label),
            f"{known[severity]:,}" if daily else found[severity].write(known[severity]),
            share,
            f"{address}?severity={severity}",
            TONES[severity],
        )
        for severity, share in zip(worst_first, shares, strict=True)
    ]
    is_empty = not any(known.values())
    return BySeverity(str(measure.label), [] if is_empty else bars, daily.refreshed_at if daily else None, address)


def attainment_panel(request: HttpRequest) -> Panel | None:
    """The share of promises that were kept this month, beside the month before."""
    actor = actor_of(request)
    if not may(actor, "daily_stats", "list"):
        return None
    today = site_today()
    begin = today.replace(day=1)
    before = (begin - DAY).replace(day=1)
    now = sum_attainment(actor=actor, first=begin, last=today)
    then = sum_attainment(actor=actor, first=before, last=begin - DAY)
    context = {
        "months": [
            (f"{begin:%B}, so far", _write_months(now, begin, today)),
            (f"{before:%B}", _write_months(then, before, begin - DAY)),
        ],
        "is_empty": all(one.percent is None for one in (*now.values(), *then.values())),
    }
    return Panel("admin/reports/panels/attainment.html", context, position=12, live_types=("ticket", "tickets"))


def _write_months(found: Mapping[str, Attainment], first: date, last: date) -> list[BarRow]:
    address = reverse("admin:incidents_ticket_changelist")
    start, end = (start_of_day(day).astimezone(UTC) for day in (first, last + DAY))
    return [
        BarRow(
            str(kind.label), f"{told.percent:.1f} %", round(told.percent),
            f"{address}?show=all&settled={Settled(kind, ANY, start, end)}",
            note=f"{told.met:,} of {told.met + told.missed:,}",
        )
        for kind, told in ((kind, found[kind]) for kind in (ClockKind.RESOLUTION, ClockKind.RESPONSE))
        if told.percent is not None
    ]  # fmt: skip


def trend_panel(request: HttpRequest) -> Panel | None:
    """What was open at the end of each of the last 30 days."""
    actor = actor_of(request)
    if not may(actor, "daily_stats", "list"):
        return None
    today = site_today()
    days = [today - timedelta(days=back) for back in reversed(range(TREND_DAYS))]
    backlog = read_backlog(actor=actor, first=days[0], last=today)
    shown = [measure for measure in OF_BACKLOG if backlog[measure]]
    lines = [
        Line(str(measure.label), [(day, backlog[measure].get(day)) for day in days], reverse(LISTS[measure]))
        for measure in shown
    ]
    context = {
        "chart": draw_lines(Words("backlog-trend", "Open at the end of each day", ""), lines) if lines else None,
        "lines": lines,
        "rows": [(day, [backlog[measure].get(day) for measure in shown]) for day in reversed(days)],
        "days": TREND_DAYS,
    }
    return Panel("admin/reports/panels/trend.html", context, position=13, is_wide=True)


for build in (severity_panel, attainment_panel, trend_panel):
    site.add_panel(build)
