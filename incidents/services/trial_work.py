"""The work of a policy's trial, a stretch of tickets at a time, in memory: nothing is written, not even progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Max, Min, Q

from incidents.choices import ClockState
from incidents.models import Clock, PolicyTrial, Ticket
from incidents.services.policies import compile_document, current_book
from incidents.services.policy_trials import read_trial_document
from incidents.services.policy_versions import find_earliest_moment
from incidents.services.rejudging import History, as_if_always, read_histories
from incidents.services.trial_figures import BacktestTally, OpenTally, find_standing
from incidents.services.trial_results import render_result
from incidents.sla.clocks import replay
from incidents.sla.history import DONE, NEW
from incidents.sla.policies import Book

# Keys, not tickets: a stretch of the primary key costs the same whatever else is in the table.
KEYS_AT_ONCE = 2_000
MODES: tuple[Literal["open", "rebase"], ...] = ("open", "rebase")

KindAndCycle = tuple[str, int]
Verdicts = Mapping[int, dict[KindAndCycle, str]]


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


class Books:
    """The policy as it is, as it would be, and as if the change had always been there."""

    def __init__(self, trial: PolicyTrial, moment: datetime) -> None:
        document = read_trial_document(trial)
        self.before = current_book()
        number = max((version.number for version in self.before.versions), default=0) + 1
        made = {mode: compile_document(document, number=number, effective_at=moment, applies_to=mode) for mode in MODES}
        self.after = {mode: Book([*self.before.versions, version]) for mode, version in made.items()}
        self.always = as_if_always(made["open"])


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
            _look_forward(work, books, history)
            _look_back(work, books, history, verdicts.get(history.ticket_id, {}))
    work.done = min(work.done + len(ids), work.total)
    return True


def _look_forward(work: TrialWork, books: Books, history: History) -> None:
    """What becomes of the ticket, where it is open."""
    ticket_id, created_at, events = history
    last = events[-1]
    if last.category in DONE:
        return
    before = find_standing(replay(created_at, events, books.before, now=work.moment), work.moment)
    for mode, book in books.after.items():
        after = find_standing(replay(created_at, events, book, now=work.moment), work.moment)
        work.tallies[mode].add(ticket_id, last.tier, last.priority, before, after)


def _look_back(work: TrialWork, books: Books, history: History, judged: Mapping[KindAndCycle, str]) -> None:
    """What was judged, and what would have been."""
    _, created_at, events = history
    if all(event.category == NEW for event in events):
        return
    under: dict[KindAndCycle, str] = {
        (clock.kind, clock.cycle): clock.verdict
        for clock in replay(created_at, events, books.always)
        if clock.verdict is not None
        and clock.stopped_at is not None
        and work.since <= clock.stopped_at <= work.known_at
    }
    last = events[-1]
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
