"""The work of a policy's trial, a stretch of tickets at a time, in memory: nothing is written, not even progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q

from incidents.choices import ClockState
from incidents.models import Clock, PolicyTrial, Ticket
from incidents.services.policy_versions import find_earliest_moment
from incidents.services.rejudging import History, read_histories
from incidents.services.trial_books import Books
from incidents.services.trial_figures import BacktestTally, OpenTally, find_standing
from incidents.services.trial_results import render_result
from incidents.sla.clocks import judge_lives
from incidents.sla.history import DONE, find_lives, settle

# Keys, not tickets: a stretch of the primary key costs the same whatever else is in the table.
KEYS_AT_ONCE = 2_000
MODES = ("open", "rebase")

KindAndCycle = tuple[str, int]
Verdicts = Mapping[int, dict[KindAndCycle, str]]
NOTHING: Mapping[KindAndCycle, str] = {}


@dataclass(slots=True)
class TrialWork:
    """How far a trial has come.

    Attributes:
        known_at: history counts as it was known then; the days of the back-test end there.
        moment: when the version would take effect; before and after are compared at it.
        last_id, after: the tickets to look at, and how far that is done.
    """

    known_at: datetime
    moment: datetime
    backtest_days: int
    last_id: int
    total: int
    after: int = 0
    done: int = 0
    tallies: dict[str, OpenTally] = field(default_factory=lambda: {mode: OpenTally() for mode in MODES})
    backtest: BacktestTally = field(default_factory=BacktestTally)

    @property
    def since(self) -> datetime:
        """When the days of the back-test begin."""
        return self.known_at - timedelta(days=self.backtest_days)

    @property
    def tickets(self) -> Q:
        """Open ones, and those that may have stopped within the days."""
        return Q(is_open=True) | Q(updated_at__gte=self.since) | Q(created_at__gte=self.since)

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "known_at": self.known_at.isoformat(),
            "moment": self.moment.isoformat(),
            "backtest_days": self.backtest_days,
            "last_id": self.last_id,
            "total": self.total,
            "after": self.after,
            "done": self.done,
            "tallies": {mode: tally.dump() for mode, tally in self.tallies.items()},
            "backtest": self.backtest.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "TrialWork":
        """What `dump` laid down."""
        plain = {name: dumped[name] for name in ("backtest_days", "last_id", "total", "after", "done")}
        return cls(
            known_at=datetime.fromisoformat(dumped["known_at"]),
            moment=datetime.fromisoformat(dumped["moment"]),
            tallies={mode: OpenTally(tally) for mode, tally in dumped["tallies"].items()},
            backtest=BacktestTally(dumped["backtest"]),
            **plain,
        )

    def render(self) -> dict[str, Any]:
        """The result, once all is done."""
        return {
            "effective_at": self.moment.isoformat(),
            **render_result(
                as_of=self.known_at, backtest_days=self.backtest_days, tallies=self.tallies, backtest=self.backtest
            ),
        }


def begin_work(trial: PolicyTrial) -> TrialWork:
    """A trial's work with nothing done; from here on what happens to tickets does not count."""
    earliest = find_earliest_moment()
    work = TrialWork(
        known_at=earliest,
        moment=max(trial.effective_at or earliest, earliest),
        backtest_days=trial.backtest_days,
        last_id=Ticket.objects.aggregate(last=Max("pk"))["last"] or 0,
        total=0,
    )
    work.total = Ticket.objects.filter(work.tickets, pk__lte=work.last_id).count()
    return work


def work_on(work: TrialWork, books: Books) -> bool:
    """Does the next stretch; whether there is more."""
    first = Ticket.objects.filter(pk__gt=work.after, pk__lte=work.last_id).aggregate(first=Min("pk"))["first"]
    if first is None:
        work.done = work.total
        return False
    work.after = first + KEYS_AT_ONCE - 1
    stretch = Ticket.objects.filter(work.tickets, pk__range=(first, min(work.after, work.last_id)))
    ids = list(stretch.order_by("pk").values_list("pk", flat=True))
    verdicts = _read_verdicts(work, ids)
    for histories in read_histories(ids, as_of=work.known_at):
        for history in histories:
            _judge(work, books, history, verdicts.get(history.ticket_id, NOTHING))
    work.done = min(work.done + len(ids), work.total)
    return True


def _judge(work: TrialWork, books: Books, history: History, judged: Mapping[KindAndCycle, str]) -> None:
    """One ticket: its lives are found once, and judged as it is, as it would be, and as if it had always been so."""
    last = history.events[-1]
    moments = settle(history.created_at, history.events)
    lives = find_lives(moments)
    is_left_alone = books.leave_alone(moments)
    always = judge_lives(lives, moments, books.before if is_left_alone else books.always, work.moment)
    live = [life for life in lives if life.last is None]
    if live and last.category not in DONE:
        before = carried_over = find_standing(always, work.moment)
        if not is_left_alone:
            before = find_standing(judge_lives(live, moments, books.before, work.moment), work.moment)
            carried_over = find_standing(judge_lives(live, moments, books.after, work.moment), work.moment)
        # A life that goes on is judged anew from its start, so that what was before the change does not matter to it.
        rebased = find_standing(always, work.moment)
        for mode, after in (("open", carried_over), ("rebase", rebased)):
            work.tallies[mode].add(history.ticket_id, last.tier, last.priority, before, after)
    under: dict[KindAndCycle, str] = {
        (clock.kind, clock.cycle): clock.verdict
        for clock in always
        if clock.verdict is not None
        and clock.stopped_at is not None
        and work.since <= clock.stopped_at <= work.known_at
    }
    for key in judged.keys() | under.keys():
        work.backtest.add(key[0], last.tier, last.priority, judged.get(key), under.get(key))


def _read_verdicts(work: TrialWork, ids: Sequence[int]) -> Verdicts:
    """The verdicts of these tickets that were spoken within the days."""
    stopped = Clock.objects.filter(
        ticket_id__in=ids,
        state=ClockState.STOPPED,
        verdict__isnull=False,
        stopped_at__range=(work.since, work.known_at),
    )
    found: dict[int, dict[KindAndCycle, str]] = {}
    for ticket_id, kind, cycle, verdict in stopped.values_list("ticket_id", "kind", "cycle", "verdict"):
        found.setdefault(ticket_id, {})[kind, cycle] = verdict or ""
    return found
