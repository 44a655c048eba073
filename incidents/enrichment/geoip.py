"""From an address to city, region and country, without asking anybody.

The city database that comes in a package is of 2018: city and region are hints. The country is also known from the
registries that give addresses out, which is newer and wins; where the two differ, the old city is left out. An
operator's own database (GEOIP_CITY_DB) is asked alone. Addresses that are nobody's in particular are never looked up.
"""

from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import _maxminddb_geolite2
import iptocc
import maxminddb
from django.conf import settings

from incidents.enrichment.base import Answer, LookUpFailed, NothingToLookUp, Provider, Subject, source
from tracker.addresses import IPAddress, embedded_ipv4, is_reachable_by_all
from tracker.texts import is_storable

PACKAGED_CITY_DB = Path(_maxminddb_geolite2.__file__).with_name("GeoLite2-City.mmdb")
MAX_NAME_CHARACTERS = 120
# What the registries write for blocks of no country in particular.
NO_COUNTRIES = frozenset({"AP", "EU", "ZZ"})
REGISTRIES = "Regional internet registries"


def look_up(subject: Subject) -> Answer:
    """City, region, country and where each of them comes from.

    Raises:
        NothingToLookUp: no address, one that is nobody's in particular, or one that no database has.
        LookUpFailed: the operator's database cannot be read.
    """
    address = public_address(subject.ip)
    own = settings.GEOIP_CITY_DB
    answer = _ask_city_db(Path(own) if own else PACKAGED_CITY_DB, address)
    if not own:
        answer = _prefer_registries(answer, iptocc.country_code(str(address)) or "")
    if not any(answer[name] for name in ("city", "region", "country")):
        raise NothingToLookUp("the address is in no database")
    return answer


def public_address(text: str) -> IPAddress:
    """The address, where it is one of the public internet and not the operator's own.

    Raises:
        NothingToLookUp: it is not; the reason says why.
    """
    try:
        address = embedded_ipv4(ip_address(text.strip()))
    except ValueError:
        raise NothingToLookUp("no address is known") from None
    if not is_reachable_by_all(address):
        raise NothingToLookUp("the address is private or reserved")
    if any(address in network for network in (*settings.TRUSTED_PROXIES, *settings.OUTGOING_ALLOWED_NETWORKS)):
        raise NothingToLookUp("the address belongs to a network of the operator")
    return address


def _ask_city_db(path: Path, address: IPAddress) -> Answer:
    try:
        reader = _open(path, path.stat().st_mtime_ns)
        record = reader.get(address)
        metadata = reader.metadata()
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise LookUpFailed(f"the city database cannot be read: {type(error).__name__}") from None
    as_of = datetime.fromtimestamp(metadata.build_epoch, UTC).date().isoformat()
    facts = record if isinstance(record, dict) else {}
    divisions = facts.get("subdivisions")
    radius = _part(facts, "location").get("accuracy_radius")
    return {
        "city": _name(_part(facts, "city")),
        "region": _name(divisions[0]) if isinstance(divisions, list) and divisions else "",
        "country": _code(_part(facts, "country").get("iso_code")),
        "accuracy_km": radius if isinstance(radius, int) else None,
        "sources": [source(str(metadata.database_type)[:60], as_of)],
    }


def _prefer_registries(answer: Answer, country: str) -> Answer:
    """The newer country. A city of another country is one that the address has left since."""
    if not country or country in NO_COUNTRIES:
        return answer
    registries = source(REGISTRIES, f"iptocc {version('iptocc')}")
    told = {**answer, "country": country, "sources": [*answer["sources"], registries]}
    if answer["country"] in ("", country):
        return told
    former = {name: answer[name] for name in ("city", "region", "country")}
    return {**told, "city": "", "region": "", "accuracy_km": None, "former": former}


@lru_cache(maxsize=2)
def _open(path: Path, changed_at: int) -> maxminddb.Reader:
    """The file, mapped into memory; again after it was replaced."""
    return maxminddb.open_database(path)


def _part(facts: Any, name: str) -> dict[str, Any]:
    part = facts.get(name)
    return part if isinstance(part, dict) else {}


def _name(part: Any) -> str:
    names = _part(part, "names") if isinstance(part, dict) else {}
    name = names.get("en") or next(iter(names.values()), "")
    return name[:MAX_NAME_CHARACTERS] if isinstance(name, str) and is_storable(name) else ""


def _code(value: Any) -> str:
    return value if isinstance(value, str) and len(value) == 2 and value.isascii() else ""


GEOIP = Provider("geoip", "Address", look_up)
