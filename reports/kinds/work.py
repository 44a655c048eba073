"""Issues and incidents as reports count them: by their stays, within the reader's rights, as of a moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from incidents.models import Incident, IncidentSpan, Issue, IssueSpan
from incidents.services.incidents import visible_incidents
from incidents.services.issues import visible_issues
from incidents.services.past_sets import PastSet, Spans, spans_of, write_past_set
from reports.kinds.contract import Drill
from reports.kinds.drills import drill_into
from tracker import clock
from tracker.access import Actor
from tracker.periods import spell_moment

ISSUES, INCIDENTS = "issues", "incidents"


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the two: its stays, what they are stays of, who sees which, and where its lists are."""

    key: str
    name: str
    model: type[IssueSpan] | type[IncidentSpan]
    row: str
    visible: Callable[[Actor], QuerySet[Any]]
    rows: type[Issue] | type[Incident]

    def find_first_year(self) -> int:
        """The year of the first report there is; it stands at the end of an index."""
        first = self.rows._default_manager.order_by("created_at").values_list("created_at", flat=True).first()
        return first.year if first is not None else clock.now().year


SUBJECTS: Mapping[str, Subject] = {
    subject.key: subject
    for subject in (
        Subject(ISSUES, "Issues", IssueSpan, "issue", visible_issues, Issue),
        Subject(INCIDENTS, "Incidents", IncidentSpan, "incident", visible_incidents, Incident),
    )
}
SUBJECT_CHOICES = [(subject.key, subject.name) for subject in SUBJECTS.values()]


def find_spans(actor: Actor, subject: Subject, wanted: PastSet) -> Spans:
    """The stays of a set that the actor may know of. Who sees every row pays for no look at the rows."""
    spans, rows = spans_of(subject.model, wanted), subject.visible(actor)
    return spans.filter(**{f"{subject.row}__in": rows.values("pk")}) if rows.query.where else spans


def drill_into_work(subject: str, wanted: PastSet) -> Drill | None:
    """The lists that show exactly the rows of a set."""
    history, row = write_past_set(wanted), SUBJECTS[subject].row
    return drill_into(row, f"/v1/{subject}", admin={"status": "all", "history": history}, api={"history": history})


def tell_set(wanted: PastSet) -> dict[str, str | None]:
    """What a result keeps of a set, so that it can say where its rows are."""
    start, end = (None if moment is None else spell_moment(moment) for moment in (wanted.start, wanted.end))
    return {"as_of": spell_moment(wanted.as_of), "start": start, "end": end}


def read_set(result: Mapping[str, Any], **changes: Any) -> PastSet:
    """The set that a result tells of, with what else is known of its rows."""
    start, end = (parse_datetime(result[name]) if result[name] else None for name in ("start", "end"))
    as_of = parse_datetime(result["as_of"])
    if as_of is None:
        raise ValueError("A result says what moment it is of.")
    return replace(PastSet(as_of=as_of, start=start, end=end, project=result["project"] or ""), **changes)
