"""How soon somebody reacts, and how soon it is over: MTTA and MTTR of alerts, tickets, incidents and issues."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db.models import F

from incidents.models import Ticket
from incidents.services.alerts import visible_alerts
from incidents.services.past_sets import ACKNOWLEDGED, ANSWERED, RESOLVED, PastSet
from incidents.services.past_tickets import alerts_of, ticket_moments
from incidents.sla.calendars import Calendar
from reports.kinds.calendars import CalendarField, find_calendar
from reports.kinds.contract import Kind, Question, Result
from reports.kinds.periods import Period, PeriodSerializer, find_project, read_period
from reports.kinds.response_pages import present_response
from reports.kinds.spread import Hours, Spread, epoch_of, spread_rows, spread_statement
from reports.kinds.trends import bucket_of, choose_bucket, list_buckets
from reports.kinds.work import INCIDENTS, ISSUES, SUBJECTS, find_spans, tell_set
from tracker import access
from tracker.site_time import site_zone

BUCKET = "bucket"


class ResponseSerializer(PeriodSerializer):
    """The days in which it happened, and what working time is."""

    calendar = CalendarField()


@dataclass(frozen=True, slots=True)
class Asked:
    """What every measure is counted by."""

    question: Question
    period: Period
    calendar: Calendar
    bucket: str
    project: str

    def hours(self, first_year: Callable[[], int]) -> Hours:
        """The calendar with its years."""
        return Hours(self.calendar, first_year, self.question.as_of.year)

    def find(self, **changes: Any) -> PastSet:
        """The rows that reached something in the period, as known at the moment asked of."""
        of_period = PastSet(self.question.as_of, start=self.period.start, end=self.period.end, project=self.project)
        return replace(of_period, **changes)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: of what, how it is counted, and the row of the rights table that says who may know."""

    key: str
    resource: str
    spread: Callable[[Asked], Spread]


def compute_response(question: Question) -> Result:
    """The spread of each measure that the reader may know of, and its mean over time."""
    period, project = read_period(question), find_project(question)
    name, calendar = find_calendar(question)
    key = project.key if project is not None else ""
    asked = Asked(question, period, calendar, choose_bucket(period), key)
    known = [one for one in MEASURES if _may_know(question, one.resource)]
    told = []
    for done, measure in enumerate(known):
        question.progress(done, len(known))
        told.append({"key": measure.key, **_tell(asked, measure.spread(asked))})
    return {
        **period.describe(),
        **tell_set(asked.find()),
        "project": key or None,
        "calendar": name,
        "bucket": asked.bucket,
        "measures": told,
    }


def _may_know(question: Question, resource: str) -> bool:
    decision = access.decide(question.actor, resource, "list")
    return decision.is_for_all_rows or (resource in SUBJECTS and decision.is_allowed)


def _tell(asked: Asked, spread: Spread) -> dict[str, Any]:
    over_time = []
    for one in list_buckets(asked.period, asked.bucket):
        facts = spread.groups[BUCKET].get(one.whole)
        told = {"n": facts["n"], "mean": facts["wall"]["mean"]} if facts else {"n": 0, "mean": None}
        over_time.append({"first_day": one.whole.isoformat(), **one.describe(), **told})
    return {**spread.total, "over_time": over_time}


def _spread_alerts(asked: Asked) -> Spread:
    alerts = alerts_of(visible_alerts(asked.question.actor), asked.find(got=ACKNOWLEDGED))
    until = epoch_of("acknowledged_at")
    return spread_rows(
        alerts,
        asked.hours(partial(_year_of, visible_alerts(asked.question.actor).order_by("id"), "fired_at")),
        wall=until - epoch_of("fired_at"),
        until=until,
        groups={BUCKET: bucket_of("acknowledged_at", asked.bucket)},
    )


def _spread_tickets(got: str, asked: Asked) -> Spread:
    sql, values = ticket_moments(asked.find(got=got))
    columns = "wall, floor(date_part('epoch', moment)) AS until, date_trunc(%s, moment AT TIME ZONE %s)::date"
    statement = f"SELECT {columns} FROM ({sql}) AS found"  # noqa: S608 - no input in it
    hours = asked.hours(partial(_year_of, Ticket.objects.order_by("created_at"), "created_at"))
    return spread_statement(statement, [asked.bucket, str(site_zone()), *values], hours, groups=[BUCKET])


def _spread_work(subject: str, reached: dict[str, str], asked: Asked) -> Spread:
    spans = find_spans(asked.question.actor, SUBJECTS[subject], asked.find(**reached))
    return spread_rows(
        spans,
        asked.hours(SUBJECTS[subject].find_first_year),
        wall=F("age_seconds"),
        until=epoch_of("entered_at"),
        groups={BUCKET: bucket_of("entered_at", asked.bucket)},
    )


def _year_of(rows: Any, name: str) -> int:
    first = rows.values_list(name, flat=True).first()
    return first.year if first is not None else 1970


MEASURES: Sequence[Measure] = (
    Measure("alerts_acknowledged", "alerts", _spread_alerts),
    Measure("tickets_answered", "tickets", partial(_spread_tickets, ANSWERED)),
    Measure("tickets_resolved", "tickets", partial(_spread_tickets, RESOLVED)),
    Measure("incidents_triaged", INCIDENTS, partial(_spread_work, INCIDENTS, {"first": "TRIAGED"})),
    Measure("incidents_done", INCIDENTS, partial(_spread_work, INCIDENTS, {"was": "DONE"})),
    Measure("issues_triaged", ISSUES, partial(_spread_work, ISSUES, {"first": "TRIAGED"})),
    Measure("issues_done", ISSUES, partial(_spread_work, ISSUES, {"was": "DONE"})),
)
RESPONSE = Kind(
    key="response",
    label="Response",
    description="How soon alerts, tickets, incidents and issues are taken on (MTTA) and over (MTTR).",
    resources=("issues", "incidents"),
    parameters=ResponseSerializer,
    compute=compute_response,
    present=present_response,
    reads_policy=True,
)
