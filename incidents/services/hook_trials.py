"""What a call would become: read and planned as a real one is, and nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from incidents.intake.hooks.readers import read_call, read_document
from incidents.intake.hooks.signals import Signal, Unknown
from incidents.models import Hook
from incidents.services.hook_rules import Plan, find_default_category, plan_signal, rules_of
from tracker import access
from tracker.access import Actor

MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class TriedSignal:
    """One signal, and what it would become."""

    signal: Signal
    plan: Plan
    category: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a call holds. `reason` says why it would be kept and not understood."""

    signals: list[TriedSignal] = field(default_factory=list)
    note: str = ""
    reason: str = ""
    left_out: int = 0


def try_call(*, actor: Actor, hook: Hook, body: bytes, headers: Mapping[str, str]) -> Trial:
    """What the hook's rules make of a call, whoever signed it.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, hooks.read.
        InvalidInput: no JSON as it has to be.
    """
    access.require(actor, "hooks", "read")
    reading = read_call(hook.kind, read_document(body, ""), headers)
    if isinstance(reading, Unknown):
        return Trial(reason=reading.reason)
    rules, default = rules_of(hook), find_default_category()
    shown = [(signal, plan_signal(hook, signal, rules)) for signal in reading.signals[:MAX_SHOWN]]
    tried = [TriedSignal(signal, plan, str(plan.category or default or "")) for signal, plan in shown]
    return Trial(tried, reading.note, left_out=len(reading.signals) - len(tried))
