"""The registry's tables; import them from here."""

from tracker.models.assets import Factory, ProductionPoint, Sprocket
from tracker.models.backups import Backup
from tracker.models.events import Event
from tracker.models.heartbeats import SweepHeartbeat
from tracker.models.idempotency import IdempotencyRecord
from tracker.models.logins import LoginAttempt, LoginSession
from tracker.models.notifications import Notification, NotificationPreference
from tracker.models.processes import Process
from tracker.models.projects import Project
from tracker.models.retention import RetentionPolicy
from tracker.models.tokens import ApiToken
from tracker.models.users import User
from tracker.models.views import SavedView

__all__ = [
    "ApiToken",
    "Backup",
    "Event",
    "Factory",
    "IdempotencyRecord",
    "LoginAttempt",
    "LoginSession",
    "Notification",
    "NotificationPreference",
    "Process",
    "ProductionPoint",
    "Project",
    "RetentionPolicy",
    "SavedView",
    "Sprocket",
    "SweepHeartbeat",
    "User",
]
