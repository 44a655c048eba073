"""/analysis: figures about incidents, of what the caller may see."""

from datetime import UTC
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.services.incident_analysis import analyse_incidents
from incidents.services.incident_figures import HOT_SPOTS, Analysis, CategoryFigures, rate_of
from incidents.services.incident_scope import PARAMETERS, describe_period, read_scope
from tracker.api.viewsets import ApiView

QUERY = [
    OpenApiParameter("from", str, description="A day (UTC) or a moment, RFC 3339; what happened then or later."),
    OpenApiParameter("to", str, description="A day (UTC), which is included, or a moment, which is not."),
    OpenApiParameter("project", str, description="Key of a project, such as OPS."),
    OpenApiParameter("factory", OpenApiTypes.INT, description="Id of a factory."),
    OpenApiParameter("category", str, description="Key of a category, such as theft."),
]
Shape = serializers.Serializer[Any]


class CountsField(serializers.DictField):
    """Figures by the key of what they count."""

    child = serializers.IntegerField()


class RecoverySerializer(Shape):
    """What became of the things that went missing."""

    recovered = serializers.IntegerField()
    missing = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, help_text="recovered / (recovered + missing)")


class LossSerializer(Shape):
    """The estimates of losses."""

    total = serializers.FloatField()
    incidents = serializers.IntegerField(help_text="how many have an estimate")


class CategoryShareSerializer(Shape):
    """One category's share."""

    category = serializers.CharField()
    name = serializers.CharField()
    incidents = serializers.IntegerField()
    recovery = RecoverySerializer()
    loss = LossSerializer()


class TimeBucketSerializer(Shape):
    """A day, a week from Monday, a month or a year; days are those of UTC."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    incidents = serializers.IntegerField()
    by_category = CountsField()


class HotSpotSerializer(Shape):
    """A cell of about 500 by 500 metres, by its middle."""

    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    incidents = serializers.IntegerField()
    place = serializers.CharField(help_text="what most of them call it")
    by_category = CountsField(help_text="of the seven most frequent categories")


class AnalysisSerializer(Shape):
    """Figures about incidents."""

    total_incidents = serializers.IntegerField()
    by_category = CountsField()
    by_status = CountsField()
    period = serializers.DictField(child=serializers.DateTimeField(allow_null=True), help_text="from and to, as asked")
    recovery = RecoverySerializer()
    loss = LossSerializer()
    categories = CategoryShareSerializer(many=True)
    bucket = serializers.ChoiceField(choices=["day", "week", "month", "year"])
    over_time = TimeBucketSerializer(many=True)
    by_weekday_and_hour = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="seven rows from Monday, 24 hours each, on the clocks of the place",
    )
    hot_spots = HotSpotSerializer(many=True)


class AnalysisView(ApiView):
    """Figures about incidents."""

    resource = "incidents"
    access = "list"
    http_method_names = ["get", "head", "options"]
    query_params = {"get": PARAMETERS, "head": PARAMETERS}

    @extend_schema(parameters=QUERY, responses=AnalysisSerializer)
    def get(self, request: Request) -> Response:
        """By category, over time, by weekday and hour, and by place."""
        params = {name: request.query_params.get(name, "") for name in PARAMETERS}
        scope = read_scope(actor=self.actor, params=params, zone=UTC)
        return Response(describe_analysis(analyse_incidents(actor=self.actor, scope=scope)))


def describe_analysis(analysis: Analysis) -> dict[str, Any]:
    """The JSON of an analysis."""
    return {
        "total_incidents": analysis.total,
        "by_category": {row.key: row.count for row in analysis.categories},
        "by_status": analysis.by_status,
        "period": describe_period(analysis.scope),
        "recovery": _describe_recovery(analysis.recovered, analysis.missing),
        "loss": {"total": float(analysis.loss), "incidents": analysis.with_loss},
        "categories": [_describe_category(row) for row in analysis.categories],
        "bucket": analysis.bucket,
        "over_time": [
            {
                "first_day": bucket.first.isoformat(),
                "last_day": bucket.last.isoformat(),
                "incidents": sum(bucket.counts.values()),
                "by_category": bucket.counts,
            }
            for bucket in analysis.over_time
        ],
        "by_weekday_and_hour": analysis.hours,
        "hot_spots": [
            {
                "latitude": round(spot.latitude, 6),
                "longitude": round(spot.longitude, 6),
                "incidents": spot.count,
                "place": spot.place,
                "by_category": spot.counts,
            }
            for spot in analysis.spots[:HOT_SPOTS]
        ],
    }


def _describe_category(row: CategoryFigures) -> dict[str, Any]:
    return {
        "category": row.key,
        "name": row.name,
        "incidents": row.count,
        "recovery": _describe_recovery(row.recovered, row.missing),
        "loss": {"total": float(row.loss), "incidents": row.with_loss},
    }


def _describe_recovery(recovered: int, missing: int) -> dict[str, Any]:
    rate = rate_of(recovered, missing)
    return {"recovered": recovered, "missing": missing, "rate": None if rate is None else round(rate, 4)}
