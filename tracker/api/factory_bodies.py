"""Bodies of factories and points: the flat form, and the wrapped one that old clients send."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from tracker.api.serializers import UNKNOWN, StrictSerializer
from tracker.exceptions import InvalidInput
from tracker.models import Factory
from tracker.production import BROKEN, POINT_KEYS, Point, read_points, read_series, refuse
from tracker.services.factories import FIELDS
from tracker.strict_json import parse_json


class ChartDataSerializer(serializers.Serializer[Any]):
    """A series: three lists of equal length; time in Unix seconds (or, sent, RFC 3339), increasing."""

    sprocket_production_actual = serializers.ListField(child=serializers.FloatField())
    sprocket_production_goal = serializers.ListField(child=serializers.FloatField())
    time = serializers.ListField(child=serializers.FloatField())


class FactoryBodySerializer(StrictSerializer):
    """A factory to be made or changed; {"factory": {"chart_data": …}} is taken as well."""

    name = serializers.CharField(max_length=120, required=False)
    place = serializers.CharField(max_length=200, required=False, allow_blank=True)
    timezone = serializers.CharField(max_length=64, required=False, help_text="IANA, such as Europe/Berlin")
    chart_data = ChartDataSerializer(required=False)


class FactorySerializer(serializers.Serializer[Factory]):
    """A factory in a list."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    place = serializers.CharField()
    timezone = serializers.CharField()
    points_count = serializers.IntegerField()
    last_point_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class WholeFactorySerializer(FactorySerializer):
    """One factory with its series."""

    chart_data = ChartDataSerializer()


class PointSerializer(serializers.Serializer[Any]):
    """What was made up to a moment, and what was to be made."""

    time = serializers.FloatField(help_text="Unix seconds, or RFC 3339")
    actual = serializers.FloatField()
    goal = serializers.FloatField()


class ShownPointSerializer(PointSerializer):
    """A point in a list."""

    at = serializers.DateTimeField()


class PointsBodySerializer(StrictSerializer):
    """Points to append: as a series, or as a list."""

    chart_data = ChartDataSerializer(required=False)
    points = PointSerializer(many=True, required=False)


class AppendedSerializer(serializers.Serializer[Any]):
    """What became of points."""

    added = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="were there already with the same figures")
    points_count = serializers.IntegerField(help_text="that the factory has now")


def describe_factory(factory: Factory) -> dict[str, Any]:
    """A factory as FactorySerializer says it."""
    return {
        "id": factory.pk,
        "name": factory.name,
        "place": factory.place,
        "timezone": factory.timezone,
        "points_count": factory.points_count,
        "last_point_at": factory.last_point_at,
        "created_at": factory.created_at,
    }


def read_factory_body(body: bytes, *, is_new: bool) -> dict[str, Any]:
    """What a body says of a factory, `points` in place of `chart_data`.

    Raises:
        InvalidInput: no such body, in the words that old clients know, or a field that is wrong.
    """
    data = _read_object(body)
    is_wrapped = "factory" in data
    if is_wrapped:
        _check_keys(data, ("factory",), "")
        data = data["factory"]
        if not isinstance(data, Mapping):
            refuse("factory", BROKEN)
    _check_keys(data, (*FIELDS, "chart_data"), "factory." if is_wrapped else "")
    if "chart_data" not in data and (is_wrapped or (is_new and "name" not in data)):
        refuse("chart_data", "Missing required field: chart_data")
    if not data:
        raise InvalidInput("The body names nothing to change.")
    values: dict[str, Any] = {name: _read_text(name, data[name]) for name in FIELDS if name in data}
    if "chart_data" in data:
        values["points"] = read_series(data["chart_data"])
    return values


def read_points_body(body: bytes) -> list[Point]:
    """Points to append: [{time, actual, goal}, …], {"points": the same}, {"chart_data": {…}}, or one point.

    Raises:
        InvalidInput: naming what is wrong, and where.
    """
    data = parse_json(body)
    if isinstance(data, list):
        return _refuse_none(read_points(data))
    if not isinstance(data, Mapping):
        refuse("points", BROKEN)
    if set(data) & set(POINT_KEYS):
        return read_points([data])
    if "factory" in data and isinstance(data["factory"], Mapping):
        data = data["factory"]
    if "chart_data" in data and "points" in data:
        refuse("points", "Send chart_data or points, not both.")
    if "points" in data:
        _check_keys(data, ("points",), "")
        return _refuse_none(read_points(data["points"]))
    if "chart_data" not in data:
        refuse("chart_data", "Missing required field: chart_data")
    _check_keys(data, ("chart_data",), "")
    return _refuse_none(read_series(data["chart_data"]))


def _read_object(body: bytes) -> Mapping[str, Any]:
    data = parse_json(body)
    if not isinstance(data, Mapping):
        refuse("factory", BROKEN)
    return data


def _refuse_none(points: list[Point]) -> list[Point]:
    if not points:
        refuse("points", "Send at least one point.")
    return points


def _check_keys(data: Mapping[str, Any], allowed: tuple[str, ...], prefix: str) -> None:
    unknown = next((key for key in data if key not in allowed), None)
    if unknown is not None:
        refuse(f"{prefix}{unknown}"[:100], f"{UNKNOWN}: keys that may be sent here are {', '.join(sorted(allowed))}.")


def _read_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        refuse(name, "Must be a text.")
    return value
