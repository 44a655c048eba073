"""Who listens, what they may see, and the check that ends a connection whose rights are gone."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection

from tracker import clock
from tracker.access import Actor, decide
from tracker.choices import Role
from tracker.models import User
from tracker.realtime.hub import Closed, Subscriber
from tracker.realtime.log_reader import StreamEvent

NOT_AUTHENTICATED = 4401
PERMISSION_DENIED = 4403
AUDIT_LOG = "audit_log"
# Which row of the rights table an event falls under, by the first word of its verb. What is not named here is for
# readers of the audit log alone. Comments and files are seen by whoever sees their issue.
RESOURCES = {
    "ticket": "tickets",
    "tickets": "tickets",
    "status": "tickets",
    "alert": "alerts",
    "delivery": "deliveries",
    "channel": "channels",
    "policy": "sla_policies",
    "project": "projects",
    "incident": "incidents",
    "category": "incident_categories",
    "hook": "hooks",
    "rule": "hooks",
    "mail": "mail",
    "issue": "issues",
    "comment": "issues",
    "attachment": "issues",
    "tag": "tags",
    "factory": "factories",
    "production_rule": "production_rules",
    "sprocket": "sprockets",
    "report": "reports",
    "audit": "audit_findings",
    "backup": "backups",
    "retention": "retention",
}
AUDIT_WORDS = frozenset({"user", "token", "schedule", "saved_view", "partitions"})
# One query for everyone who listens in this process, however many they are.
SELECT_STATES = """
SELECT 'user', u.id::text, u.role, md5(u.password), ARRAY(
         SELECT m.project_id FROM tracker_project_members m WHERE m.user_id = u.id
         UNION SELECT p.id FROM tracker_project p WHERE p.owner_id = u.id)
  FROM tracker_user u WHERE u.id = ANY(%(users)s) AND u.is_active
UNION ALL
SELECT 'session', s.session_key, '', '', '{}'
  FROM django_session s WHERE s.session_key = ANY(%(sessions)s) AND s.expire_date > %(now)s
UNION ALL
SELECT 'login', l.id::text, '', '', '{}'
  FROM tracker_loginsession l WHERE l.id = ANY(%(logins)s) AND l.revoked_at IS NULL AND l.expires_at > %(now)s
UNION ALL
SELECT 'token', t.id::text, array_to_string(t.scopes, ','), '', '{}'
  FROM tracker_apitoken t
 WHERE t.id = ANY(%(tokens)s) AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %(now)s)
"""

State = tuple[str, str, list[int]]
States = Mapping[tuple[str, str], State]


@dataclass(frozen=True, slots=True)
class Credential:
    """What let a listener in: a session, a login (JWT) or a token; `id` is its key in the database."""

    kind: str
    id: str


@dataclass(slots=True)
class Listener:
    """A person or token with an open connection. The rights are those at the door; they are compared, not updated."""

    actor: Actor
    credential: Credential
    password_mark: str
    project_ids: frozenset[int] = field(default=frozenset())
    _codes: dict[str, str] = field(default_factory=dict)

    def sees(self, event: StreamEvent) -> bool:
        """Whether this event is about something that the listener may see."""
        code = self._code(event.verb.partition(".")[0])
        if code == "O":
            return self.actor.user is not None and event.data.get("reporter") == self.actor.user.pk
        if code != "V":
            return code == "Y"
        return event.object_type == "project" and event.object_id.isdigit() and int(event.object_id) in self.project_ids

    def check(self, states: States) -> Closed | None:
        """Why the connection must end, if it must, by what the database says now."""
        user = states.get(("user", str(self.actor.user.pk))) if self.actor.user else None
        credential = states.get((self.credential.kind, self.credential.id))
        if user is None or credential is None or user[1] != self.password_mark:
            return Closed(NOT_AUTHENTICATED, "not_authenticated", "Log in again.")
        is_same_role = self.actor.user is not None and user[0] == self.actor.user.role
        is_same_scope = self.credential.kind != "token" or frozenset(credential[0].split(",")) == self.actor.scopes
        if not (is_same_role and is_same_scope):
            return Closed(PERMISSION_DENIED, "permission_denied", "Your rights have changed.")
        self.project_ids = frozenset(user[2])
        return None

    def _code(self, word: str) -> str:
        code = self._codes.get(word)
        if code is None:
            code = self._codes[word] = _reading_code(self.actor, RESOURCES.get(word, AUDIT_LOG))
        return code


def visible_events(listener: Listener, is_wanted: Callable[[str], bool]) -> Callable[[StreamEvent], bool]:
    """The one filter of every stream: verbs that the client asked for, of objects that the listener may see."""
    return lambda event: is_wanted(event.verb) and listener.sees(event)


def password_mark(user: User) -> str:
    """Changes with the password, and tells nothing about it that a connection's memory should not hold."""
    return hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest()


async def read_states(connection: AsyncConnection[Any], listeners: Iterable[Listener]) -> States:
    """What the database says of these listeners' people and credentials; who is missing has lost theirs."""
    ids: dict[str, set[Any]] = {"user": set(), "session": set(), "login": set(), "token": set()}
    for listener in listeners:
        if listener.actor.user is not None:
            ids["user"].add(listener.actor.user.pk)
        ids[listener.credential.kind].add(_database_id(listener.credential))
    values = {f"{kind}s": list(found) for kind, found in ids.items()}
    cursor = await connection.execute(SELECT_STATES, {**values, "now": clock.now()})
    return {
        (kind, key): (first, second, list(projects)) for kind, key, first, second, projects in await cursor.fetchall()
    }


async def recheck(connection: AsyncConnection[Any], listeners: Mapping[Subscriber, Listener]) -> int:
    """Ends every connection whose rights are gone; how many."""
    if not listeners:
        return 0
    states = await read_states(connection, listeners.values())
    ended = 0
    for subscriber, listener in listeners.items():
        why = listener.check(states)
        if why is not None:
            subscriber.close(why)
            ended += 1
    return ended


def _database_id(credential: Credential) -> Any:
    if credential.kind == "login":
        return uuid.UUID(credential.id)
    return int(credential.id) if credential.kind == "token" else credential.id


def _reading_code(actor: Actor, resource: str) -> str:
    """Y, O, V or N. A token reads by its scope `stream` what its table column and its owner's role both allow."""
    decision = decide(actor, resource, "read")
    if actor.token_id is None or actor.user is None:
        return decision.code if decision.is_allowed else "N"
    if not (decision.is_allowed or decision.missing_scope):
        return "N"
    return _reading_code(Actor.of_user(actor.user), resource) if actor.user.role == Role.REPORTER else "Y"
