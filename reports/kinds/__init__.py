"""All kinds of reports, by their key. A new one is a module of its own and a line here."""

from collections.abc import Mapping, Sequence

from reports.kinds.backlog import BACKLOG
from reports.kinds.contract import Kind
from reports.kinds.daily_summary import DAILY_SUMMARY
from reports.kinds.factory_production import FACTORY_PRODUCTION
from reports.kinds.incident_hotspots import INCIDENT_HOTSPOTS
from reports.kinds.lead_time import LEAD_TIME
from reports.kinds.raw_rows import RAW_ROWS
from reports.kinds.response import RESPONSE
from reports.kinds.sla_attainment import SLA_ATTAINMENT
from tracker.exceptions import InvalidInput

_ALL: Sequence[Kind] = (
    DAILY_SUMMARY,
    LEAD_TIME,
    RESPONSE,
    SLA_ATTAINMENT,
    BACKLOG,
    INCIDENT_HOTSPOTS,
    FACTORY_PRODUCTION,
    RAW_ROWS,
)
KINDS: Mapping[str, Kind] = {kind.key: kind for kind in _ALL}


def find_kind(key: str) -> Kind:
    """The kind of this key.

    Raises:
        InvalidInput: there is none; it names those there are.
    """
    kind = KINDS.get(key)
    if kind is None:
        raise InvalidInput.of_field("kind", f"Choose one of {', '.join(sorted(KINDS))}.")
    return kind
