"""Clocks, counted a second time by the slow reference, and compared with what is stored."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import msgspec
from django.db import connection

from incidents.choices import CATEGORY_RANK
from incidents.models import Calendar, PolicyRule, PolicyVersion
from incidents.reference.clocks import Edition, LivedClock, Promise, Told, live_through
from incidents.reference.working_days import WorkingDays
from incidents.services.audit_registry import Broken, Scope
from incidents.services.statuses import look_up_categories
from tracker import clock

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# To the second: PostgreSQL keeps moments to the microsecond, and shares of a target are rounded.
CLOSE = timedelta(seconds=1)
MOST_TOLD = 10
# Beyond it a history takes longer to live through than anybody waits; the engine has no such limit.
MOST_EVENTS = 2_000
# One statement, one snapshot: history and clocks belong together.
READ = """
SELECT json_build_object('id', t.id, 'created_at', t.created_at,
  'events', (SELECT json_agg(json_build_object(
               'at', e.updated_at, 'sequence', coalesce(e.sequence, 0), 'status', e.status, 'priority', e.priority,
               'tier', e.customer_tier, 'mark', encode(e.fingerprint, 'hex')))
               FROM (SELECT * FROM incidents_ticketevent e WHERE e.ticket_id = t.id LIMIT %(most)s + 1) e),
  'clocks', (SELECT json_agg(json_build_object(
               'kind', c.kind, 'cycle', c.cycle, 'version', v.number, 'target', c.target_minutes, 'state', c.state,
               'verdict', c.verdict, 'started_at', c.started_at, 'stopped_at', c.stopped_at, 'due_at', c.due_at,
               'elapsed', c.elapsed_seconds, 'anchor_at', c.anchor_at, 'crossings', c.crossings,
               'percents', (SELECT array_agg(s.percent::text ORDER BY s.percent) FROM incidents_escalationstep s
                             WHERE s.version_id = c.policy_id)))
               FROM incidents_clock c JOIN incidents_policyversion v ON v.id = c.policy_id
              WHERE c.ticket_id = t.id AND c.state <> 'void'))::text
  FROM incidents_ticket t
 WHERE t.id = ANY(%(ids)s) AND (t.replay_requested_at IS NULL OR t.replay_requested_at > %(now)s)
"""


class _Event(msgspec.Struct):
    at: datetime
    sequence: int
    status: str
    priority: str
    tier: str
    mark: str


class _Clock(msgspec.Struct):
    kind: str
    cycle: int
    version: int
    target: int
    state: str
    verdict: str | None
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    elapsed: float
    anchor_at: datetime
    crossings: list[datetime | None]
    percents: list[str] | None


class _Ticket(msgspec.Struct):
    id: int
    created_at: datetime
    events: list[_Event] | None
    clocks: list[_Clock] | None


_decode = msgspec.json.Decoder(list[_Ticket]).decode
_editions: dict[tuple[int, datetime], list[Edition]] = {}


def find_other_clocks(scope: Scope) -> list[Broken]:
    """The tickets whose clocks are others than their history and the policy make by the slow way, and how so.

    Those that wait to be judged anew are left out, and those whose history is longer than MOST_EVENTS.
    """
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(READ, {"ids": list(scope.ids), "most": MOST_EVENTS, "now": now})
        tickets = _decode(f"[{','.join(row[0] for row in cursor.fetchall())}]")
    tickets = [ticket for ticket in tickets if ticket.events and len(ticket.events) <= MOST_EVENTS]
    categories = look_up_categories({event.status for ticket in tickets for event in ticket.events or ()})
    editions = read_editions() if tickets else []
    broken = []
    for ticket in tickets:
        lived = live_through(ticket.created_at, _order(ticket.events or [], categories), editions, now)
        if differences := list(_compare(ticket.clocks or [], lived)):
            broken.append(Broken(str(ticket.id), {"differences": differences[:MOST_TOLD]}))
    return broken


def read_editions() -> list[Edition]:
    """The policy's versions for the reference; they never change, so the newest one tells a fresh copy."""
    newest = PolicyVersion.objects.order_by("-number").values_list("pk", "created_at").first()
    if newest is None:
        return []
    if newest not in _editions:
        versions = PolicyVersion.objects.prefetch_related("rules__calendar", "steps")
        found = [_read_edition(version) for version in versions]
        _editions.clear()
        _editions[newest] = found
    return _editions[newest]


def _read_edition(version: PolicyVersion) -> Edition:
    rules = sorted(version.rules.all(), key=lambda rule: rule.position)
    percents = sorted(Fraction(step.percent) for step in version.steps.all())
    promises = tuple(_read_promise(rule) for rule in rules)
    return Edition(version.number, version.effective_at, version.applies_to, promises, tuple(percents))


def _read_promise(rule: PolicyRule) -> Promise:
    calendar = _read_calendar(rule.calendar)
    minutes = (rule.response_minutes, rule.resolution_minutes)
    return Promise(rule.tier, rule.priority, *minutes, calendar, rule.pauses_when_waiting)


def _read_calendar(calendar: Calendar) -> WorkingDays:
    hours = calendar.hours
    return WorkingDays(
        calendar.timezone,
        None if hours is None else tuple(tuple(_read_pair(pair) for pair in hours.get(day, ())) for day in DAYS),
        calendar.holiday_country,
        calendar.holiday_subdivision,
        frozenset(date.fromisoformat(day) for day in calendar.extra_holidays),
    )


def _read_pair(pair: Sequence[str]) -> tuple[int, int]:
    opens, closes = (int(text[:2]) * 3600 + int(text[3:5]) * 60 for text in pair)
    return opens, closes


def _order(events: Sequence[_Event], categories: dict[str, str]) -> list[Told]:
    def place(event: _Event) -> tuple[datetime, int, int, str]:
        return event.at, event.sequence, CATEGORY_RANK[categories[event.status]], event.mark

    return [
        Told(event.at.astimezone(UTC), categories[event.status], event.priority, event.tier)
        for event in sorted(events, key=place)
    ]


def _compare(stored: Sequence[_Clock], lived: Sequence[LivedClock]) -> list[str]:
    by_name = {f"{clock.kind} {clock.cycle}": clock for clock in stored}
    others = {f"{other.kind} {other.cycle}": other for other in lived}
    found = [f"{name} should not be there" for name in by_name.keys() - others.keys()]
    found += [f"{name} is missing" for name in others.keys() - by_name.keys()]
    for name in by_name.keys() & others.keys():
        found += [f"{name}: {text}" for text in _differences(by_name[name], others[name])]
    return sorted(found)


def _differences(stored: _Clock, other: LivedClock) -> list[str]:
    words = ("state", "verdict", "version", "target")
    found = [_tell(word, getattr(stored, word), getattr(other, word)) for word in words]
    moments = ("started_at", "stopped_at", "due_at", "anchor_at")
    found += [_tell(word, getattr(stored, word), getattr(other, word)) for word in moments]
    found.append(_tell("elapsed", timedelta(seconds=stored.elapsed), other.elapsed))
    for percent, at in zip(stored.percents or (), stored.crossings, strict=False):
        found.append(_tell(f"{float(percent):g} % at", at, other.crossed.get(Fraction(percent))))
    if len(stored.percents or ()) != len(stored.crossings):
        found.append("it has not as many steps as its policy")
    return [text for text in found if text]


def _tell(word: str, stored: Any, counted: Any) -> str:
    is_same = _is_close(stored, counted)
    return "" if is_same else f"{word} is {_write(stored)}, counted slowly {_write(counted)}"


def _is_close(stored: Any, counted: Any) -> bool:
    if isinstance(stored, datetime) and isinstance(counted, datetime):
        return abs(stored - counted) <= CLOSE
    if isinstance(stored, timedelta) and isinstance(counted, timedelta):
        return abs(stored - counted) <= CLOSE
    return bool(stored == counted)


def _write(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return "nothing" if value is None else str(value)
