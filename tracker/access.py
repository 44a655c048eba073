"""The rights table and the one function that reads it: every surface asks `decide`, none keeps rules of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.models import AnonymousUser

from tracker.choices import Role
from tracker.exceptions import NotAuthenticated, PermissionDenied
from tracker.models.users import User

ROLE_COLUMNS = {Role.REPORTER: "rep", Role.MAINTAINER: "mnt", Role.ADMIN: "adm"}
TABLE_PATH = Path(__file__).with_name("access.yaml")


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a person, a person's API token (which has its scopes only), or the system itself."""

    user: User | None = None
    token_id: int | None = None
    scopes: frozenset[str] = frozenset()
    label: str = "anonymous"
    request_id: str = ""
    is_system: bool = False

    @classmethod
    def system(cls, name: str, *, request_id: str = "") -> "Actor":
        """Tracker's own sweeps and commands; they may do everything."""
        return cls(label=f"system:{name}", request_id=request_id, is_system=True)

    @classmethod
    def of_user(cls, user: User | AnonymousUser, *, request_id: str = "") -> "Actor":
        """A person acting in a session or with a JWT."""
        if not isinstance(user, User) or not user.is_active:
            return cls(request_id=request_id)
        return cls(user=user, label=user.email, request_id=request_id)

    @property
    def role(self) -> str | None:
        """The column of the rights table: rep, mnt, adm or svc; None for nobody."""
        if self.token_id is not None:
            return "svc"
        return ROLE_COLUMNS[Role(self.user.role)] if self.user is not None else None

    @property
    def key(self) -> str:
        """What limits and idempotency keys are counted by."""
        if self.token_id is not None:
            return f"token:{self.token_id}"
        return f"user:{self.user.pk}" if self.user is not None else self.label


@dataclass(frozen=True, slots=True)
class Decision:
    """One cell of the table as it applies to an actor. `code` as explained at the head of access.yaml."""

    code: str
    missing_scope: str = field(default="")

    @property
    def is_allowed(self) -> bool:
        """Whether the actor may try; O, V and A still depend on the object."""
        return self.code in {"Y", "O", "V", "A"}

    @property
    def is_for_all_rows(self) -> bool:
        """Whether no object is out of reach."""
        return self.code == "Y"


@cache
def table() -> Mapping[str, Any]:
    """The whole of access.yaml."""
    document: Mapping[str, Any] = yaml.safe_load(TABLE_PATH.read_text(encoding="utf-8"))
    return document


@cache
def _cell(resource: str, role: str, action: str) -> str:
    return str(table()["matrix"][resource][role][table()["actions"].index(action)])


def decide(actor: Actor, resource: str, action: str) -> Decision:
    """What `actor` may do: `action` is one of the table's actions, `resource` one of its rows (KeyError otherwise)."""
    if actor.is_system:
        return Decision("Y")
    if actor.role is None:
        return Decision("U")
    code = _cell(resource, actor.role, action)
    if not code.startswith("S:"):
        return Decision(code)
    if (scope := code[2:]) not in actor.scopes:
        return Decision("N", missing_scope=scope)
    return Decision(_code_of_owner(actor, resource, action))


def _code_of_owner(actor: Actor, resource: str, action: str) -> str:
    """Reporters make tokens for themselves; theirs reach no further than they do."""
    is_reporters = actor.user is not None and actor.user.role == Role.REPORTER
    return _cell(resource, ROLE_COLUMNS[Role.REPORTER], action) if is_reporters else "Y"


def require(actor: Actor, resource: str, action: str) -> Decision:
    """The decision, where it allows.

    Raises:
        NotAuthenticated: nobody is logged in.
        PermissionDenied: the table says no; it names the scope that a token misses.
    """
    decision = decide(actor, resource, action)
    if decision.is_allowed:
        return decision
    if decision.code == "U":
        raise NotAuthenticated("Log in or send a token.")
    if decision.missing_scope:
        raise PermissionDenied(f"This token needs the scope {decision.missing_scope}.")
    raise PermissionDenied(f"You may not {action} {resource.replace('_', ' ')}.")


def may(actor: Actor, resource: str, action: str) -> bool:
    """Whether `require` would pass."""
    return decide(actor, resource, action).is_allowed


def writable_fields(group: str) -> frozenset[str]:
    """The fields that access.yaml lets a group such as `tickets.mnt` write."""
    return frozenset(table()["write_fields"][group])
