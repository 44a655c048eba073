"""Rules about production, made, changed and deleted through one door each."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from incidents.models import ProductionRule
from incidents.models.production import MOST_PERCENT, MOST_POINTS
from incidents.services.field_checks import check_severity, check_text, refuse_fields, run_checks
from incidents.services.hook_fields import tell_facts
from tracker import access
from tracker.access import Actor
from tracker.bells import WATCH_PRODUCTION, ring
from tracker.exceptions import Conflict, FieldError, InvalidInput, NotFound
from tracker.services.events import log_event

FIELDS = ("name", "factory", "percent", "points", "category", "severity", "project", "is_enabled")
NEEDED = ("name", "category")
# Each is asked for each factory.
MAX_RULES = 100
MAX_NAME_CHARACTERS = 80


@transaction.atomic
def create_production_rule(*, actor: Actor, values: Mapping[str, Any]) -> ProductionRule:
    """A new rule. It begins with the last points that are there, not with the whole past.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, production_rules.create.
        InvalidInput: naming each field that is missing or breaks a rule. Conflict: the name is taken.
    """
    access.require(actor, "production_rules", "create")
    missing = [FieldError(name, "Is missing.") for name in NEEDED if values.get(name) in (None, "")]
    if missing:
        raise InvalidInput(f"{missing[0].field}: is missing.", details=missing)
    if ProductionRule.objects.count() >= MAX_RULES:
        raise InvalidInput(f"There are {MAX_RULES} rules already.")
    rule = ProductionRule(**_clean(values))
    _save(rule)
    log_event(actor=actor, verb="production_rule.created", obj=rule, after=tell_facts(rule, FIELDS))
    ring(WATCH_PRODUCTION)
    return rule


@transaction.atomic
def update_production_rule(*, actor: Actor, rule: ProductionRule, changes: Mapping[str, Any]) -> ProductionRule:
    """Changes a rule; points that it has looked at are not judged anew. Raises: as `create_production_rule`."""
    access.require(actor, "production_rules", "update")
    cleaned, rule = _clean(changes), _lock(rule)
    changed = [name for name in cleaned if getattr(rule, name) != cleaned[name]]
    if not changed:
        return rule
    before = tell_facts(rule, changed)
    for name in changed:
        setattr(rule, name, cleaned[name])
    _save(rule)
    log_event(actor=actor, verb="production_rule.updated", obj=rule, before=before, after=tell_facts(rule, changed))
    ring(WATCH_PRODUCTION)
    return rule


@transaction.atomic
def delete_production_rule(*, actor: Actor, rule: ProductionRule) -> None:
    """Deletes a rule; incidents that it opened stay as they are. Raises: see access.yaml, production_rules.delete."""
    access.require(actor, "production_rules", "delete")
    rule = _lock(rule)
    log_event(actor=actor, verb="production_rule.deleted", obj=rule, before=tell_facts(rule, FIELDS))
    rule.delete()


def _lock(rule: ProductionRule) -> ProductionRule:
    found = ProductionRule.objects.select_for_update(no_key=True).filter(pk=rule.pk).first()
    if found is None:
        raise NotFound.unseen()
    return found


def _save(rule: ProductionRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        taken = [FieldError("name", "There is a rule of this name.")]
        raise Conflict("name: there is a rule of this name.", details=taken) from None


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    refuse_fields(values, FIELDS)
    return run_checks(values, CHECKS)


def _check_name(text: Any) -> str:
    return " ".join(check_text(text, longest=MAX_NAME_CHARACTERS, is_required=True).split())


def _check_percent(number: Any) -> float:
    is_number = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
    if not is_number or not 0 < number <= MOST_PERCENT:
        raise ValueError(f"More than 0, and at most {MOST_PERCENT:,}.")
    return float(number)


def _check_points(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_POINTS:
        raise ValueError(f"A whole number from 1 to {MOST_POINTS:,}.")
    return number


def _check_live(row: Any) -> Any:
    if row is not None and row.archived_at is not None:
        raise ValueError("Is archived.")
    return row


def _check_category(category: Any) -> Any:
    if category is None:
        raise ValueError("Is missing.")
    return _check_live(category)


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": _check_name,
    "percent": _check_percent,
    "points": _check_points,
    "category": _check_category,
    "severity": check_severity,
    "project": _check_live,
    "is_enabled": bool,
}
