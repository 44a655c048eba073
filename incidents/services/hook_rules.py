"""Rules: what a signal becomes. The first whose conditions all match decides; people put them in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from incidents.choices import HookKind, HookTarget, Severity
from incidents.intake.hooks.matching import matches
from incidents.intake.hooks.severities import read_severity
from incidents.intake.hooks.signals import Signal
from incidents.intake.hooks.templates import fill_template, fill_title, values_of
from incidents.models import Hook, HookRule, IncidentCategory
from incidents.services.hook_fields import check_rule_values, tell_facts
from tracker import access
from tracker.access import Actor
from tracker.exceptions import InvalidInput, NotFound
from tracker.models import Project
from tracker.services.events import log_event

MAX_RULES = 500
DEFAULT_CATEGORY = "outage"
# What is wrong with machines is an incident; what somebody wrote down, or a program failed at, is work.
DEFAULT_TARGETS = {
    HookKind.ALERTMANAGER: HookTarget.INCIDENT,
    HookKind.GRAFANA: HookTarget.INCIDENT,
    HookKind.SENTRY: HookTarget.ISSUE,
    HookKind.GITHUB: HookTarget.ISSUE,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a signal is to become. `rule` is empty where none matched."""

    target: str
    title: str
    severity: str
    category: IncidentCategory | None
    project: Project | None
    rule: HookRule | None = None


@transaction.atomic
def create_rule(*, actor: Actor, values: Mapping[str, Any]) -> HookRule:
    """A new rule, behind all others.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, hooks.create.
        InvalidInput: naming each field; a placeholder that is unknown too.
    """
    access.require(actor, "hooks", "create")
    cleaned = check_rule_values(values, required=("name", "target"))
    if HookRule.objects.count() >= MAX_RULES:
        raise InvalidInput(f"There are {MAX_RULES} rules already; that many are asked one after the other.")
    last = HookRule.objects.aggregate(last=Max("position"))["last"] or 0
    rule = HookRule.objects.create(position=last + 1, **cleaned)
    log_event(actor=actor, verb="rule.created", obj=rule, after=tell_facts(rule, cleaned))
    return rule


@transaction.atomic
def update_rule(*, actor: Actor, rule: HookRule, changes: Mapping[str, Any]) -> HookRule:
    """Changes a rule. Raises as `create_rule`."""
    access.require(actor, "hooks", "update")
    cleaned = check_rule_values(changes)
    rule = _lock(rule)
    changed = [name for name in cleaned if getattr(rule, name) != cleaned[name]]
    if not changed:
        return rule
    before = tell_facts(rule, changed)
    for name in changed:
        setattr(rule, name, cleaned[name])
    rule.save(update_fields=changed)
    log_event(actor=actor, verb="rule.updated", obj=rule, before=before, after=tell_facts(rule, changed))
    return rule


@transaction.atomic
def move_rule(*, actor: Actor, rule: HookRule, is_up: bool) -> None:
    """Changes places with the rule before or behind it; the first and the last stay.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, hooks.update.
    """
    access.require(actor, "hooks", "update")
    # All are locked in one order, and counted anew, so that two who move at once leave no two in one place.
    rows = list(HookRule.objects.select_for_update(no_key=True).order_by("position", "id"))
    place = next((number for number, row in enumerate(rows) if row.pk == rule.pk), None)
    if place is None:
        raise NotFound.unseen()
    other = place - 1 if is_up else place + 1
    if not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    for number, row in enumerate(rows, start=1):
        if row.position != number:
            row.position = number
            row.save(update_fields=["position"])
    log_event(actor=actor, verb="rule.updated", obj=rule, after={"position": other + 1})


@transaction.atomic
def delete_rule(*, actor: Actor, rule: HookRule) -> None:
    """Deletes a rule.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, hooks.delete.
    """
    access.require(actor, "hooks", "delete")
    rule = _lock(rule)
    log_event(actor=actor, verb="rule.deleted", obj=rule, before={"name": rule.name})
    rule.delete()


def rules_of(hook: Hook) -> list[HookRule]:
    """The rules that are asked for a hook's signals, in order: its own and those of every hook."""
    rows = HookRule.objects.filter(Q(hook=hook) | Q(hook=None), is_enabled=True).select_related("category", "project")
    return list(rows.order_by("position", "id")[:MAX_RULES])


def plan_signal(hook: Hook, signal: Signal, rules: Sequence[HookRule]) -> Plan:
    """What a signal becomes by these rules, or by what its sender's signals become otherwise."""
    rule = next((rule for rule in rules if matches(rule.conditions, signal.labels)), None)
    hint = read_severity(signal.severity_hint)
    values = values_of(signal, severity=hint or signal.severity_hint, hook=hook.name, kind=hook.kind)
    wanted = read_severity(fill_template(rule.severity_template, values)) if rule and rule.severity_template else ""
    return Plan(
        target=rule.target if rule else DEFAULT_TARGETS[HookKind(hook.kind)],
        title=fill_title(rule.title_template if rule else "", values),
        severity=wanted or hint or Severity.MEDIUM,
        category=_live(rule.category if rule else None) or _live(hook.category),
        project=_live(rule.project if rule else None) or _live(hook.project),
        rule=rule,
    )


def find_default_category() -> IncidentCategory | None:
    """What an incident is where neither rule nor hook say so: an outage, or the first category that is in use."""
    rows = list(IncidentCategory.objects.filter(archived_at=None)[:100])
    return next((row for row in rows if row.key == DEFAULT_CATEGORY), rows[0] if rows else None)


def _live(row: Any) -> Any:
    """What was archived since is as if nobody had named it."""
    return row if row is not None and row.archived_at is None else None


def _lock(rule: HookRule) -> HookRule:
    found = HookRule.objects.select_for_update(no_key=True).filter(pk=rule.pk).first()
    if found is None:
        raise NotFound.unseen()
    return found
