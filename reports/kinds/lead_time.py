"""How long issues or incidents took from the report to the end, by the clock and in working time."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from rest_framework import serializers

from incidents.choices import Severity
from incidents.services.carriers import sees_internals
from incidents.services.past_sets import NONE, PastSet
from reports.kinds.calendars import CalendarField, find_calendar
from reports.kinds.contract import Kind, Question, Result
from reports.kinds.lead_time_pages import present_lead_time
from reports.kinds.people import name_people
from reports.kinds.periods import Period, PeriodSerializer, find_project, read_period
from reports.kinds.spread import Hours, Spread, epoch_of, no_facts, spread_rows
from reports.kinds.trends import bucket_of, choose_bucket, list_buckets
from reports.kinds.work import ISSUES, SUBJECT_CHOICES, SUBJECTS, find_spans, tell_set
from tracker.exceptions import InvalidInput
from tracker.models import Project

BY_PROJECT, BY_SEVERITY, BY_ASSIGNEE = "project", "severity", "assignee"
GROUPS = {BY_PROJECT: "project_id", BY_SEVERITY: "severity", BY_ASSIGNEE: "assignee_id"}
# Nobody reads further; how many are left out is told.
MOST_ROWS = 100
NOT_YOURS = "Only staff see who has what."


class LeadTimeSerializer(PeriodSerializer):
    """What is counted, how it is grouped, and what working time is."""

    subject = serializers.ChoiceField(choices=SUBJECT_CHOICES, default=ISSUES, help_text="What is counted.")
    group_by = serializers.ChoiceField(
        choices=[(BY_PROJECT, "Project"), (BY_SEVERITY, "Severity"), (BY_ASSIGNEE, "Assignee")], default=BY_PROJECT
    )
    calendar = CalendarField()

    def validate_group_by(self, name: str) -> str:
        """Reporters are not told who has what."""
        actor = self.context.get("actor")
        if name == BY_ASSIGNEE and actor is not None and not sees_internals(actor):
            raise serializers.ValidationError(NOT_YOURS)
        return name


def compute_lead_time(question: Question) -> Result:
    """The spread of lead times of what was done in the period and still is at the moment asked of."""
    period, project, grouping = read_period(question), find_project(question), _read_grouping(question)
    subject, bucket = SUBJECTS[question.parameters["subject"]], choose_bucket(period)
    name, calendar = find_calendar(question)
    key = project.key if project is not None else ""
    wanted = PastSet(as_of=question.as_of, was="DONE", start=period.start, end=period.end, project=key)
    hours = Hours(calendar, subject.find_first_year, question.as_of.year)
    by = {grouping: F(GROUPS[grouping]), "bucket": bucket_of("entered_at", bucket)}
    spans = find_spans(question.actor, subject, wanted)
    spread = spread_rows(spans, hours, wall=F("age_seconds"), until=epoch_of("entered_at"), groups=by)
    question.progress(1, 2)
    groups = _tell_groups(grouping, spread, question, project)
    return {
        **period.describe(),
        **tell_set(wanted),
        "subject": subject.key,
        "project": key or None,
        "group_by": grouping,
        "calendar": name,
        "total": spread.total,
        "groups": groups[:MOST_ROWS],
        "left_out": len(groups[MOST_ROWS:]),
        "bucket": bucket,
        "over_time": _tell_over_time(spread, period, bucket),
    }


def _read_grouping(question: Question) -> str:
    grouping = str(question.parameters["group_by"])
    if grouping == BY_ASSIGNEE and not sees_internals(question.actor):
        raise InvalidInput.of_field("group_by", NOT_YOURS)
    return grouping


def _tell_over_time(spread: Spread, period: Period, bucket: str) -> list[dict[str, Any]]:
    found = spread.groups["bucket"]
    return [
        {"first_day": one.whole.isoformat(), **one.describe(), **(found.get(one.whole) or no_facts())}
        for one in list_buckets(period, bucket)
    ]


def _tell_groups(grouping: str, spread: Spread, question: Question, project: Project | None) -> list[dict[str, Any]]:
    """Each group with what lists call it and what people do; severities the worst first, others the fullest first."""
    found = spread.groups[grouping]
    known = {project.pk: (project.key, project.key)} if project is not None and grouping == BY_PROJECT else None
    names = known or _name_groups(grouping, [key for key in found if key is not None], question)
    told = [{**dict(zip(("key", "label"), names.get(key, (NONE, "None")), strict=True)), **found[key]} for key in found]
    if grouping == BY_SEVERITY:
        return sorted(told, key=lambda group: -Severity.values.index(group["key"]))
    return sorted(told, key=lambda group: (-group["n"], group["label"], group["key"]))


def _name_groups(grouping: str, keys: list[Any], question: Question) -> Mapping[Any, tuple[str, str]]:
    if grouping == BY_SEVERITY:
        return {key: (key, str(Severity(key).label)) for key in keys}
    if grouping == BY_ASSIGNEE:
        return {pk: (str(pk), email) for pk, email in name_people(keys, question.as_of).items()}
    return {pk: (key, key) for pk, key in Project.objects.filter(pk__in=keys).values_list("pk", "key")}


LEAD_TIME = Kind(
    key="lead_time",
    label="Lead time",
    description="How long issues or incidents took to the end: median, 85 and 95 %, by the clock and in working time.",
    resources=("issues", "incidents"),
    parameters=LeadTimeSerializer,
    compute=compute_lead_time,
    present=present_lead_time,
    reads_policy=True,
)
