"""The registry's tables; import them from here."""

from tracker.models.events import Event
from tracker.models.heartbeats import SweepHeartbeat
from tracker.models.idempotency import IdempotencyRecord
from tracker.models.logins import LoginAttempt, LoginSession
from tracker.models.projects import Project
from tracker.models.tokens import ApiToken
from tracker.models.users import User

__all__ = [
    "ApiToken",
    "Event",
    "IdempotencyRecord",
    "LoginAttempt",
    "LoginSession",
    "Project",
    "SweepHeartbeat",
    "User",
]
