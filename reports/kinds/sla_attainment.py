"""How many promises were kept: by tier, priority, project, person and month, as judged or under today's policy."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers

from incidents.choices import ClockKind
from incidents.services.policies import current_book
from reports.kinds.attainment_counts import DIMENSIONS, TOTAL, Attainment, Group, Tally
from reports.kinds.attainment_pages import present_attainment
from reports.kinds.contract import Kind, Question, Result
from reports.kinds.periods import PeriodSerializer, describe_project, find_project, read_period
from tracker.models import Project, User

JUDGED, TODAY, BOTH = "judged", "today", "both"
# Beyond them a table is no longer read; what is left stands in one row.
MOST_ROWS = 50
REST = "…"
PROMISES = tuple(map(str, ClockKind))


class AttainmentSerializer(PeriodSerializer):
    """The days in which promises ended, and by which policy they are judged."""

    policy = serializers.ChoiceField(
        choices=[(JUDGED, "As judged"), (TODAY, "Under today's policy"), (BOTH, "Both")],
        default=JUDGED,
        help_text="Today's policy is the one in force at the moment the report is of.",
    )


def compute_attainment(question: Question) -> Result:
    """Kept and broken promises of the period, each grouped five ways."""
    period, project = read_period(question), find_project(question)
    attainment = Attainment(question, period, project)
    asked = question.parameters.get("policy") or JUDGED
    tallies: dict[str, Tally] = {}
    result: dict[str, Any] = {
        **period.describe(),
        "project": describe_project(project),
        "policy_version": None,
    }
    if asked in (JUDGED, BOTH):
        tallies[JUDGED] = attainment.count_judged()
    if asked in (TODAY, BOTH):
        book = current_book()
        version = book.base_version(question.as_of) or book.versions[0]
        tallies[TODAY] = attainment.count_under(version)
        result["policy_version"] = version.number
    groups = {name: _write_rows(name, tallies) for name in DIMENSIONS}
    for row in groups["month"]:
        row["moments"] = attainment.find_edges(row["key"])
    return {**result, "total": _write_figures([Group(TOTAL, None)], tallies), "groups": groups}


def _write_rows(name: str, tallies: Mapping[str, Tally]) -> list[dict[str, Any]]:
    """The groups of one dimension: months in order, others by how many promises they had."""
    sizes: dict[Group, int] = {}
    for tally in tallies.values():
        for (group, _), pair in tally.counts.items():
            if group.dimension == name:
                sizes[group] = sizes.get(group, 0) + sum(pair)
    described = {group: describe for group, describe in _describe(name, list(sizes)).items() if sizes[group]}
    if name == "month":
        ordered = sorted(described, key=lambda group: str(group.key))
        return [{**described[group], **_write_figures([group], tallies)} for group in ordered]
    ordered = sorted(described, key=lambda group: (-sizes[group], str(described[group]["label"]), str(group.key)))
    shown, rest = ordered[:MOST_ROWS], ordered[MOST_ROWS:]
    rows = [{**described[group], **_write_figures([group], tallies)} for group in shown]
    if rest:
        rows.append({"key": REST, "id": None, "label": f"{len(rest)} others", **_write_figures(rest, tallies)})
    return rows


def _describe(name: str, groups: list[Group]) -> dict[Group, dict[str, Any]]:
    """Key, id and words of each group: what a list is narrowed by, and what people read."""
    finders: dict[str, Callable[[list[Any]], dict[Any, tuple[str, str]]]] = {
        "project": _name_projects,
        "assignee": _name_people,
    }
    known = finders[name]([group.key for group in groups if group.key]) if name in finders else {}
    nobody = {"project": "No project", "assignee": "Nobody"}
    told = {}
    for group in groups:
        key, label = known.get(group.key, (str(group.key), str(group.key)))
        row_id = group.key if name in finders else None
        told[group] = {"key": key, "id": row_id, "label": label}
        if group.key is None:
            told[group] = {"key": None, "id": None, "label": nobody.get(name, "–")}
    return told


def _name_projects(ids: list[int]) -> dict[int, tuple[str, str]]:
    rows = Project.objects.filter(pk__in=ids).order_by().values_list("pk", "key", "name")
    return {pk: (key, f"{key} · {name}") for pk, key, name in rows}


def _name_people(ids: list[int]) -> dict[int, tuple[str, str]]:
    rows = User.objects.filter(pk__in=ids).order_by().values_list("pk", "email", "full_name")
    return {pk: (email, name or email) for pk, email, name in rows}


def _write_figures(groups: list[Group], tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """For each policy and promise: kept, broken, how many, and the share kept; of nothing there is no share."""
    figures: dict[str, Any] = {}
    for policy, tally in tallies.items():
        figures[policy] = {}
        for promise in PROMISES:
            met, missed = (sum(tally.counts.get((group, promise), (0, 0))[side] for group in groups) for side in (0, 1))
            n = met + missed
            percent = round(100 * met / n, 2) if n else None
            figures[policy][promise] = {"met": met, "missed": missed, "n": n, "percent": percent}
    return figures


SLA_ATTAINMENT = Kind(
    key="sla_attainment",
    label="SLA attainment",
    description="The share of promises that were kept, of those that ended in the period.",
    resources=("tickets",),
    parameters=AttainmentSerializer,
    compute=compute_attainment,
    present=present_attainment,
    reads_policy=True,
)
