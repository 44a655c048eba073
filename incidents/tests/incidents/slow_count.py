"""Figures counted one incident after another, sharing nothing with the analysis but its definitions."""

import math
from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.models import Incident
from incidents.services.incident_figures import Analysis


def check_figures(analysis: Analysis, incidents: list[Incident], zone: ZoneInfo) -> None:
    """Fails unless every figure is what counting by hand comes to."""
    assert analysis.total == len(incidents)
    kinds = Counter(one.category.key for one in incidents)
    assert {row.key: row.count for row in analysis.categories if row.count} == kinds
    assert analysis.missing == sum(one.recovery == "missing" for one in incidents)
    assert analysis.recovered == sum(one.recovery == "recovered" for one in incidents)
    losses = [one.loss_estimate for one in incidents if one.loss_estimate is not None]
    assert (analysis.with_loss, analysis.loss) == (len(losses), sum(losses))
    assert analysis.by_status == {**dict.fromkeys(analysis.by_status, 0), **Counter(one.status for one in incidents)}
    _check_times(analysis, incidents, zone)
    _check_places(analysis, incidents)


def _check_times(analysis: Analysis, incidents: list[Incident], zone: ZoneInfo) -> None:
    days = [(one.occurred_at.astimezone(zone).date(), one.category.key) for one in incidents]
    for bucket in analysis.over_time:
        assert bucket.counts == Counter(key for day, key in days if bucket.first <= day <= bucket.last), bucket
    assert sum(sum(bucket.counts.values()) for bucket in analysis.over_time) == len(incidents)
    ends = [(one.last, two.first) for one, two in zip(analysis.over_time, analysis.over_time[1:], strict=False)]
    assert all(next_first == last + timedelta(days=1) for last, next_first in ends)
    hours = Counter(_hour_of_place(one, zone) for one in incidents)
    told = {(day, hour): count for day, row in enumerate(analysis.hours, 1) for hour, count in enumerate(row) if count}
    assert told == hours


def _hour_of_place(incident: Incident, zone: ZoneInfo) -> tuple[int, int]:
    there = incident.timezone or (incident.factory.timezone if incident.factory else "")
    local: datetime = incident.occurred_at.astimezone(ZoneInfo(there) if there else zone)
    return date(local.year, local.month, local.day).isoweekday(), local.hour


def _check_places(analysis: Analysis, incidents: list[Incident]) -> None:
    cells: Counter[tuple[float, float]] = Counter()
    for one in incidents:
        if one.latitude is not None and one.longitude is not None:
            south = math.floor(one.latitude / 0.0045) * 0.0045
            width = 0.0045 / math.cos(math.radians(south + 0.00225))
            west = math.floor(one.longitude / width) * width
            cells[(round(south + 0.00225, 6), round(west + width / 2, 6))] += 1
    told = {(round(spot.latitude, 6), round(spot.longitude, 6)): spot.count for spot in analysis.spots}
    assert told.items() <= cells.items()
    assert [spot.count for spot in analysis.spots] == sorted(cells.values(), reverse=True)[: len(told)]
