"""Where and when incidents happen most: by place, category, weekday and hour."""

from typing import Any

from rest_framework import serializers

from incidents.models import IncidentCategory
from incidents.services.incident_analysis import analyse_incidents
from incidents.services.incident_figures import HOT_SPOTS, Analysis, CategoryFigures, rate_of
from incidents.services.incident_scope import AnalysisScope
from reports.kinds.contract import Kind, Question, Result
from reports.kinds.hotspot_pages import present_hotspots
from reports.kinds.periods import TICK, Period, PeriodSerializer, describe_project, find_project, read_period
from tracker.exceptions import InvalidInput
from tracker.periods import spell_moment
from tracker.site_time import DAY, site_zone, start_of_day

NO_CATEGORY = "There is no category of this key."


class HotspotSerializer(PeriodSerializer):
    """The days on which incidents happened, and of which category."""

    category = serializers.CharField(
        max_length=50, default="", allow_blank=True, help_text="Key of a category such as theft; empty is all."
    )

    def validate_category(self, key: str) -> str:
        """A category that there is."""
        key = key.strip()
        if key and ("\0" in key or not IncidentCategory.objects.filter(key=key).exists()):
            raise serializers.ValidationError(NO_CATEGORY)
        return key


def compute_hotspots(question: Question) -> Result:
    """What the analysis of incidents says of the period, as plain figures."""
    period, project = read_period(question), find_project(question)
    key = str(question.parameters.get("category") or "")
    category = IncidentCategory.objects.filter(key=key).first() if key else None
    if key and category is None:
        raise InvalidInput.of_field("category", NO_CATEGORY)
    scope = AnalysisScope(
        site_zone(), period.start, period.end, project=project, category=category, as_of=question.as_of
    )
    analysis = analyse_incidents(actor=question.actor, scope=scope)
    return {
        **period.describe(),
        "reported_before": spell_moment(question.as_of + TICK),
        "project": describe_project(project),
        "category": key,
        "total": analysis.total,
        **_tell_recovery(analysis.recovered, analysis.missing),
        "loss": float(analysis.loss),
        "with_loss": analysis.with_loss,
        **_tell_when_and_where(analysis, period),
    }


def _tell_recovery(recovered: int, missing: int) -> dict[str, Any]:
    """Of nothing missing nothing can be recovered: no share."""
    rate = rate_of(recovered, missing)
    return {
        "recovered": recovered,
        "missing": missing,
        "recovery_percent": None if rate is None else round(100 * rate, 2),
    }


def _tell_when_and_where(analysis: Analysis, period: Period) -> dict[str, Any]:
    found = [row for row in analysis.categories if row.count]
    named = [row.key for row in analysis.named]
    return {
        "categories": [_tell_category(row) for row in sorted(found, key=lambda row: (-row.count, row.key))],
        "named": named,
        "bucket": analysis.bucket,
        "over_time": [
            {
                "from": bucket.first.isoformat(),
                "to": bucket.last.isoformat(),
                "n": sum(bucket.counts.values()),
                "counts": [bucket.counts.get(key, 0) for key in named],
                "moments": [
                    spell_moment(max(start_of_day(bucket.first), period.start)),
                    spell_moment(min(start_of_day(bucket.last + DAY), period.end)),
                ],
            }
            for bucket in analysis.over_time
        ],
        "hours": analysis.hours,
        "spots": [
            {
                "place": spot.place,
                "latitude": round(spot.latitude, 6),
                "longitude": round(spot.longitude, 6),
                "n": spot.count,
                "counts": [spot.counts.get(key, 0) for key in named],
                "is_listed": number < HOT_SPOTS,
            }
            for number, spot in enumerate(analysis.spots)
        ],
    }


def _tell_category(row: CategoryFigures) -> dict[str, Any]:
    recovery = _tell_recovery(row.recovered, row.missing)
    return {
        "key": row.key,
        "name": row.name,
        "n": row.count,
        **recovery,
        "loss": float(row.loss) if row.with_loss else None,
    }


INCIDENT_HOTSPOTS = Kind(
    key="incident_hotspots",
    label="Incident hot spots",
    description="Where and when incidents happen most, by category.",
    resources=("incidents",),
    parameters=HotspotSerializer,
    compute=compute_hotspots,
    present=present_hotspots,
)
