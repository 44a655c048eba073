"""Hooks: made, changed, given a new key, deleted, and found by the key in their address."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from incidents.models import Hook
from incidents.services.hook_fields import check_hook_values, tell_facts
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput, NotFound
from tracker.services.events import log_event

KEY_MARK = "hook_"
LONGEST_KEY = 100
LAST_USE_RESOLUTION = timedelta(minutes=1)


def create_hook(*, actor: Actor, values: Mapping[str, Any]) -> tuple[Hook, str]:
    """A new hook and the key of its address, which exists nowhere else.

    `values` holds name and kind and, as wished, secret, project and category (rows), rate_per_minute, is_enabled.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, hooks.create.
        InvalidInput: naming each field. Conflict: the name is taken.
    """
    access.require(actor, "hooks", "create")
    cleaned = check_hook_values(values, required=("name", "kind"))
    hook, key = Hook(**cleaned), ""
    with transaction.atomic():
        key = _set_key(hook)
        _save(hook)
        log_event(actor=actor, verb="hook.created", obj=hook, after=tell_facts(hook, cleaned))
    return hook, key


@transaction.atomic
def update_hook(*, actor: Actor, hook: Hook, changes: Mapping[str, Any]) -> Hook:
    """Changes a hook; its kind stays, because its rules and signals are that sender's. Raises as `create_hook`."""
    access.require(actor, "hooks", "update")
    cleaned = check_hook_values(changes)
    hook = _lock(hook)
    if cleaned.get("kind", hook.kind) != hook.kind:
        raise InvalidInput.of_field("kind", "Stays what it is; make another hook.")
    changed = [name for name in cleaned if getattr(hook, name) != cleaned[name]]
    if not changed:
        return hook
    before = tell_facts(hook, changed)
    for name in changed:
        setattr(hook, name, cleaned[name])
    _save(hook, changed)
    log_event(actor=actor, verb="hook.updated", obj=hook, before=before, after=tell_facts(hook, changed))
    return hook


@transaction.atomic
def rotate_hook(*, actor: Actor, hook: Hook) -> str:
    """A new key; the one before is worthless from now on.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, hooks.update.
    """
    access.require(actor, "hooks", "update")
    hook = _lock(hook)
    before, key = hook.prefix, _set_key(hook)
    _save(hook, ["prefix", "digest"])
    log_event(actor=actor, verb="hook.rotated", obj=hook, before={"prefix": before}, after={"prefix": hook.prefix})
    return key


@transaction.atomic
def delete_hook(*, actor: Actor, hook: Hook) -> None:
    """Deletes a hook with its rules, calls and signals; what they became stays.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, hooks.delete.
    """
    access.require(actor, "hooks", "delete")
    hook = _lock(hook)
    log_event(actor=actor, verb="hook.deleted", obj=hook, before={"name": hook.name, "kind": hook.kind})
    hook.delete()


def find_hook(kind: str, key: str) -> Hook:
    """The hook that this address opens, with what its calls need.

    Raises:
        NotFound: no such kind or key, another kind's key, or switched off. Never says which.
    """
    prefix, _, secret = key[:LONGEST_KEY].removeprefix(KEY_MARK).partition("_")
    rows = Hook.objects.select_related("project", "category")
    hook = rows.filter(prefix=prefix).first() if key.isascii() and "\0" not in key else None
    # An unknown prefix compares too, so that the time taken does not tell which there are.
    stored = bytes(hook.digest) if hook is not None else bytes(32)
    is_right = secrets.compare_digest(stored, _digest(secret))
    if hook is None or not is_right or hook.kind != kind or not hook.is_enabled:
        raise NotFound.unseen()
    return hook


def note_use(hook: Hook) -> None:
    """Writes down that the hook was used, once a minute."""
    now = clock.now()
    stale = now - LAST_USE_RESOLUTION
    if hook.last_used_at is None or hook.last_used_at <= stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=stale)
        Hook.objects.filter(unnoted, pk=hook.pk).update(last_used_at=now)


def _set_key(hook: Hook) -> str:
    hook.prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    hook.digest = _digest(secret)
    return f"{KEY_MARK}{hook.prefix}_{secret}"


def _digest(secret: str) -> bytes:
    # 256 random bits: one round cannot be searched.
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _lock(hook: Hook) -> Hook:
    found = Hook.objects.select_for_update(no_key=True).filter(pk=hook.pk).first()
    if found is None:
        raise NotFound.unseen()
    return found


def _save(hook: Hook, changed: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            hook.save(update_fields=changed)
    except IntegrityError:
        raise Conflict(f"There is a hook named {hook.name} already.") from None
