"""The policies that a trial compares: as it is, as it would be, and as if the change had always been there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from incidents.models import PolicyTrial
from incidents.services.policies import compile_document, current_book
from incidents.services.policy_trials import read_trial_document
from incidents.services.rejudging import as_if_always
from incidents.sla.history import Moment
from incidents.sla.policies import CACHE_LIMIT, Book, Version


class Books:
    """`before` is the policy as it is, `after` as it would be from `moment` on, `always` the change since ever."""

    def __init__(self, trial: PolicyTrial, moment: datetime) -> None:
        self.before = current_book()
        number = max((version.number for version in self.before.versions), default=0) + 1
        document = read_trial_document(trial)
        version = compile_document(document, number=number, effective_at=moment, applies_to="open")
        self.after = Book([*self.before.versions, version])
        self.always = as_if_always(version)
        self._version = version
        self._left_alone: dict[tuple[int, str, str], bool] = {}

    def leave_alone(self, moments: Sequence[Moment]) -> bool:
        """Whether the change says the very same of a ticket, all along, as the one version that it has gone by."""
        present = self.before.lone_version(moments[0].at)
        if present is None:
            return False
        known = self._left_alone
        for moment in moments:
            tier, priority = moment.last.tier, moment.last.priority
            key = (present.number, tier, priority)
            if key not in known:
                if len(known) >= CACHE_LIMIT:
                    known.clear()
                known[key] = _says_the_same(present, self._version, tier, priority)
            if not known[key]:
                return False
        return True


def _says_the_same(one: Version, other: Version, tier: str, priority: str) -> bool:
    first, second = one.match(tier, priority), other.match(tier, priority)
    if first is None or second is None or one.steps != other.steps:
        return first is second
    # Equal calendars are one and the same, see `compile_calendar`.
    return replace(first, tier="", priority="", position=0) == replace(second, tier="", priority="", position=0)
