"""What of the answers becomes part of the incident itself: city, region, country, nearest place and time zone."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from incidents.enrichment.base import Answer

COUNTRY = re.compile(r"[A-Z]{2}")
MAX_NAME_CHARACTERS = 120
MAX_PLACE_CHARACTERS = 200


def gather_facts(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The facts that the providers' answers (by name) come to.

    The outside provider was chosen by the operator and has the last word. Coordinates say where something happened, an
    address only where it was told from: a city of another country than that of the coordinates is left out.
    """
    geoip, place = answers.get("geoip", {}), answers.get("place", {})
    outside = _read_outside(answers.get("http", {}).get("data", {}))
    country = outside["country"] or place.get("country", "") or geoip.get("country", "")
    is_of_one_country = geoip.get("country", "") in ("", country)
    return {
        "city": outside["city"] or (geoip.get("city", "") if is_of_one_country else ""),
        "region": outside["region"] or (geoip.get("region", "") if is_of_one_country else ""),
        "country": country,
        "nearest_place": place.get("nearest_place", "")[:MAX_PLACE_CHARACTERS],
        "timezone": outside["timezone"] or place.get("timezone", ""),
    }


def _read_outside(data: Mapping[str, Any]) -> dict[str, str]:
    """An outside answer in our own words, under the names that providers commonly use; what is no such fact is left."""
    country = next((code for name in ("country_code", "countryCode", "country") if (code := _code(data.get(name)))), "")
    zone = data.get("timezone")
    return {
        "city": _name(data, "city"),
        "region": _name(data, "region_name", "regionName", "region"),
        "country": country,
        # The database reads clocks by this name, and knows no others.
        "timezone": zone if isinstance(zone, str) and zone in _known_zones() else "",
    }


def _name(data: Mapping[str, Any], *names: str) -> str:
    texts = (data.get(name) for name in names)
    return next((text.strip()[:MAX_NAME_CHARACTERS] for text in texts if isinstance(text, str) and text.strip()), "")


def _code(value: Any) -> str:
    return value if isinstance(value, str) and COUNTRY.fullmatch(value) else ""


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())
