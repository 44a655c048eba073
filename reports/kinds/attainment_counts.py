"""How many promises were kept, counted by the database as they were judged, or replayed under another policy.

What became known after the question's moment does not count. Clocks tell of the present, so the few tickets of which
something was told since are judged anew from what was known, and those clocks are left out of the count.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from incidents.querysets import TicketQuerySet
from incidents.services.policies import current_book
from incidents.services.rejudging import as_if_always, judge_under
from incidents.services.tickets import visible_tickets
from incidents.services.told_order import MEANINGS, TOLD_ORDER, write_meanings
from incidents.sla.clocks import ClockState
from incidents.sla.policies import Book, Version
from reports.kinds.contract import Question
from reports.kinds.periods import Period
from tracker.models import Project
from tracker.periods import spell_moment
from tracker.site_time import start_of_day

TICKETS_AT_ONCE = 5_000
TOTAL = "total"
DIMENSIONS = ("tier", "priority", "project", "assignee", "month")

# Counted to the finest cell first: every row is then looked at once, and the sums run over what is left.
JUDGED = """
WITH cells AS (
  SELECT c.kind, t.customer_tier AS tier, t.priority, t.project_id AS project, t.assignee_id AS assignee,
         width_bucket(c.stopped_at, %s::timestamptz[]) AS month,
         count(*) FILTER (WHERE c.verdict = 'met') AS met, count(*) AS n
    FROM incidents_clock c JOIN ({tickets}) t ON t.id = c.ticket_id
   WHERE c.state = 'stopped' AND c.verdict IS NOT NULL AND c.stopped_at >= %s AND c.stopped_at < %s
     AND c.ticket_id <> ALL(%s::bigint[])
   GROUP BY 1, 2, 3, 4, 5, 6)
SELECT grouping(tier, priority, project, assignee, month), kind, tier, priority, project, assignee, month,
       sum(met)::bigint, sum(n - met)::bigint
  FROM cells
 GROUP BY GROUPING SETS ((kind), (kind, tier), (kind, priority), (kind, project), (kind, assignee), (kind, month))
"""
# With less memory PostgreSQL sorts every clock on disk before it counts; compiling takes longer than it saves.
PREPARE = "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"
# A bit for each dimension that a row is a sum over, the first one the highest.
SETS = {0b11111: TOTAL} | {0b11111 ^ (0b10000 >> place): name for place, name in enumerate(DIMENSIONS)}
CHANGED = """
SELECT e.ticket_id FROM incidents_ticketevent e JOIN incidents_ticket t ON t.id = e.ticket_id
 WHERE e.received_at > %(as_of)s AND t.received_at <= %(as_of)s
UNION
SELECT t.id FROM tracker_event e JOIN incidents_ticket t ON t.external_id = e.object_id
 WHERE e.verb = 'ticket.assigned' AND e.at > %(as_of)s AND t.received_at <= %(as_of)s
"""
SPELLINGS_THEN = "SELECT DISTINCT status FROM incidents_ticketevent WHERE ticket_id = ANY(%(ids)s)"
PROJECTS_THEN = f"""
SELECT DISTINCT ON (e.ticket_id) e.ticket_id, p.id
  FROM (SELECT e.*, row_number() OVER (PARTITION BY e.ticket_id ORDER BY {TOLD_ORDER}) AS place
          FROM incidents_ticketevent e JOIN {MEANINGS} ON w.status = e.status
         WHERE e.ticket_id = ANY(%(ids)s) AND e.received_at <= %(as_of)s AND e.updated_at <= %(as_of)s) e
  LEFT JOIN tracker_project p ON p.key = e.extra->>'project'
 ORDER BY e.ticket_id, e.place DESC
"""  # noqa: S608
ASSIGNEES_THEN = """
SELECT DISTINCT ON (e.object_id) t.id, u.id
  FROM tracker_event e JOIN incidents_ticket t ON t.external_id = e.object_id
  LEFT JOIN tracker_user u ON u.email = e.before->>'assignee'
 WHERE e.verb = 'ticket.assigned' AND e.at > %(as_of)s AND t.id = ANY(%(ids)s) ORDER BY e.object_id, e.id
"""


class Group(NamedTuple):
    """One value of one dimension; None is a ticket without any."""

    dimension: str
    key: str | int | None


@dataclass(slots=True)
class Tally:
    """Kept and broken promises by group and kind of promise."""

    counts: dict[tuple[Group, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(self, group: Group, promise: str, met: int, missed: int) -> None:
        """So many more."""
        pair = self.counts[group, promise]
        pair[0] += met
        pair[1] += missed


class Bearings(NamedTuple):
    """Where a ticket belongs, apart from what its history says."""

    project: int | None
    assignee: int | None


class Attainment:
    """Counts for one question: whose tickets, which days, which project."""

    def __init__(self, question: Question, period: Period, project: Project | None) -> None:
        self.question, self.period, self.project = question, period, project
        self.months = _begin_months(period)
        self.starts = [start_of_day(month) for month in self.months]
        self.changed = self._find_changed()

    def count_judged(self) -> Tally:
        """As the clocks were judged when they stopped."""
        tally = Tally()
        rows = self._find_tickets(is_exact=True).values("id", "customer_tier", "priority", "project_id", "assignee_id")
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:
            return tally
        period, left_out = self.period, list(self.changed)
        with connection.cursor() as cursor:
            cursor.execute(PREPARE)
            cursor.execute(JUDGED.format(tickets=sql), [self.starts, *params, period.start, period.end, left_out])
            for level, promise, *keys, met, missed in cursor.fetchall():
                tally.add(self._name_group(SETS[level], keys), promise, met, missed)
        if self.changed:
            self._judge(tally, self.changed, current_book())
        return tally

    def count_under(self, version: Version) -> Tally:
        """As this version alone would have judged every life that ended in the period."""
        tally, book = Tally(), as_if_always(version)
        tickets = self._find_tickets(is_exact=False)
        total, done = tickets.count(), 0
        for batch in _walk(tickets):
            self._judge(tally, batch, book)
            done += len(batch)
            self.question.progress(done, total)
        return tally

    def find_edges(self, month: str) -> list[str]:
        """From when and before when a month lies in the period."""
        place = [day.isoformat()[:7] for day in self.months].index(month)
        ends = [*self.starts[1:], self.period.end]
        edges = max(self.starts[place], self.period.start), min(ends[place], self.period.end)
        return [spell_moment(edge) for edge in edges]

    def _find_tickets(self, *, is_exact: bool) -> TicketQuerySet:
        """Tickets one of whose clocks may have stopped in the period, of the project where one is asked for.

        Not exact, it holds those too that may have belonged to the project before.
        """
        period, tickets = self.period, visible_tickets(self.question.actor).order_by()
        tickets = tickets.filter(received_at__lte=self.question.as_of, created_at__lt=period.end)
        # A clock stops at an event, or at the creation where that is later; the last event is `updated_at`.
        tickets = tickets.filter(Q(updated_at__gte=period.start) | Q(created_at__gte=period.start))
        if self.project is None:
            return tickets
        of_project = Q(project=self.project)
        return tickets.filter(of_project if is_exact else of_project | Q(pk__in=self.changed))

    def _find_changed(self) -> frozenset[int]:
        with connection.cursor() as cursor:
            cursor.execute(CHANGED, {"as_of": self.question.as_of})
            return frozenset(pk for (pk,) in cursor.fetchall())

    def _judge(self, tally: Tally, ids: Iterable[int], book: Book) -> None:
        as_of = self.question.as_of
        for batch in judge_under(book, ids, now=as_of, as_of=as_of):
            bearings = self._find_bearings([case.history.ticket_id for case in batch])
            for case in batch:
                where = bearings.get(case.history.ticket_id)
                if where is None or (self.project is not None and where.project != self.project.pk):
                    continue
                last = case.history.events[-1]
                for clock in case.clocks:
                    if clock.verdict and clock.stopped_at and self.period.start <= clock.stopped_at < self.period.end:
                        self._add(tally, clock, clock.stopped_at, [last.tier, last.priority, *where])

    def _add(self, tally: Tally, clock: ClockState, stopped_at: datetime, keys: list[str | int | None]) -> None:
        month = sum(start <= stopped_at for start in self.starts)
        met = int(clock.verdict == "met")
        for name in (TOTAL, *DIMENSIONS):
            tally.add(self._name_group(name, [*keys, month]), clock.kind, met, 1 - met)

    def _find_bearings(self, ids: list[int]) -> dict[int, Bearings]:
        """Of those that the asker may see."""
        rows = visible_tickets(self.question.actor).filter(pk__in=ids).order_by()
        found = {pk: Bearings(*where) for pk, *where in rows.values_list("pk", "project", "assignee")}
        since = [pk for pk in found if pk in self.changed]
        if since:
            with connection.cursor() as cursor:
                cursor.execute(SPELLINGS_THEN, {"ids": since})
                statuses = write_meanings(row[0] for row in cursor.fetchall())
                cursor.execute(PROJECTS_THEN, {"ids": since, "as_of": self.question.as_of, "statuses": statuses})
                for pk, project in cursor.fetchall():
                    found[pk] = found[pk]._replace(project=project)
                cursor.execute(ASSIGNEES_THEN, {"ids": since, "as_of": self.question.as_of})
                for pk, assignee in cursor.fetchall():
                    found[pk] = found[pk]._replace(assignee=assignee)
        return found

    def _name_group(self, name: str, keys: list[Any]) -> Group:
        if name == TOTAL:
            return Group(TOTAL, None)
        key = keys[DIMENSIONS.index(name)]
        return Group(name, self.months[key - 1].isoformat()[:7] if name == "month" else key)


def _begin_months(period: Period) -> list[date]:
    """The first days of the months that the period touches."""
    months, month = [], period.first.replace(day=1)
    while month <= period.last:
        months.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months


def _walk(tickets: TicketQuerySet) -> Iterator[list[int]]:
    """Primary keys in pieces; a page of them is all that is in memory."""
    last = 0
    while batch := list(tickets.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:TICKETS_AT_ONCE]):
        yield batch
        last = batch[-1]
