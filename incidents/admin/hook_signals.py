"""What senders tell of an incident or issue, for its page."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from incidents.models import HookSignal, Incident, Issue
from tracker.admin.formats import render_badge

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One row of templates/admin/incidents/incident/signals.html."""

    hook: str
    kind: str
    fingerprint: str
    badge: SafeString
    count: int
    first_at: datetime
    last_at: datetime


def describe_signals(thing: Incident | Issue) -> list[SignalRow]:
    """The signals that became this incident or issue, the last one first."""
    rows: list[HookSignal] = list(
        thing.signals.select_related("hook").defer("hook__secret", "hook__digest")[:MOST_SHOWN]
    )
    return [
        SignalRow(
            hook=row.hook.name,
            kind=row.hook.get_kind_display(),
            fingerprint=row.fingerprint,
            badge=render_badge("Firing", "alert") if row.is_open else render_badge("Ended", "ok"),
            count=row.count,
            first_at=row.first_at,
            last_at=row.last_at,
        )
        for row in rows
    ]
