"""What the fields of a hook and of its rules may hold."""

from collections.abc import Callable, Mapping
from typing import Any

from incidents.choices import HookKind, HookTarget
from incidents.intake.hooks.matching import check_conditions
from incidents.intake.hooks.templates import check_template
from incidents.services.field_checks import check_text
from tracker.exceptions import FieldError, InvalidInput

MAX_NAME_CHARACTERS = 80
MAX_SECRET_CHARACTERS = 200
RATES = (1, 60_000)
# These senders sign; without their secret anybody who has seen the address could speak for them.
SIGNING_KINDS = frozenset({HookKind.GITHUB.value, HookKind.SENTRY.value})
MASK = "••••••"


def check_hook_values(values: Mapping[str, Any], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a hook as they are kept.

    Raises:
        InvalidInput: naming each field that breaks a rule.
    """
    return _check(values, HOOK_CHECKS, required)


def check_rule_values(values: Mapping[str, Any], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a rule as they are kept. Raises as `check_hook_values`."""
    return _check(values, RULE_CHECKS, required)


def tell_facts(row: Any, names: Any) -> dict[str, Any]:
    """What the log may say of these fields: never a secret."""
    facts: dict[str, Any] = {}
    for name in names:
        value = getattr(row, name)
        facts[name] = (MASK if value else "") if name == "secret" else str(value) if hasattr(value, "pk") else value
    return facts


def _check(
    values: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]], required: tuple[str, ...]
) -> dict[str, Any]:
    faults = [FieldError(name, "Unknown or read-only.") for name in values if name not in checks]
    faults += [FieldError(name, "Is missing.") for name in required if values.get(name) in (None, "")]
    cleaned, named = {}, {fault.field for fault in faults}
    for name in checks.keys() & values.keys() - named:
        try:
            cleaned[name] = checks[name](values[name])
        except ValueError as error:
            faults.append(FieldError(name, str(error)))
    if faults:
        raise InvalidInput(f"{faults[0].field}: {faults[0].message}", details=faults)
    return cleaned


def _check_name(text: Any) -> str:
    name = " ".join(check_text(text, longest=MAX_NAME_CHARACTERS, is_required=True).split())
    if not name.isprintable():
        raise ValueError("No control characters.")
    return name


def _check_secret(text: Any) -> str:
    if not isinstance(text, str) or len(text) > MAX_SECRET_CHARACTERS or not text.isprintable():
        raise ValueError(f"Up to {MAX_SECRET_CHARACTERS} characters.")
    return text.strip()


def _check_rate(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not RATES[0] <= number <= RATES[1]:
        raise ValueError(f"From {RATES[0]} to {RATES[1]:,} calls a minute.")
    return number


def _check_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false.")
    return value


def _one_of(choices: type[HookKind] | type[HookTarget]) -> Callable[[Any], str]:
    def check(word: Any) -> str:
        if word not in choices.values:
            raise ValueError(f"One of {', '.join(choices.values)}.")
        return str(word)

    return check


def _check_live(row: Any) -> Any:
    if row is not None and row.archived_at is not None:
        raise ValueError("Is archived.")
    return row


HOOK_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": _check_name,
    "kind": _one_of(HookKind),
    "secret": _check_secret,
    "project": _check_live,
    "category": _check_live,
    "rate_per_minute": _check_rate,
    "is_enabled": _check_flag,
}
RULE_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "hook": lambda hook: hook,
    "name": _check_name,
    "conditions": check_conditions,
    "target": _one_of(HookTarget),
    "category": _check_live,
    "project": _check_live,
    "title_template": lambda text: check_template(check_text(text, longest=300)),
    "severity_template": lambda text: check_template(check_text(text, longest=300)),
    "is_enabled": _check_flag,
}
