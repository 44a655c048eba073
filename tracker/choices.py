"""Words of the registry: roles, scopes and the actions of the rights table."""

from django.db.models import TextChoices


class Role(TextChoices):
    """What a person is in the company; rights follow from access.yaml."""

    REPORTER = "reporter", "Reporter"
    MAINTAINER = "maintainer", "Maintainer"
    ADMIN = "admin", "Admin"


class Scope(TextChoices):
    """What an API token may do; a token has no right beyond its scopes."""

    INGEST = "ingest", "Send tickets"
    READ = "read", "Read"
    ISSUES = "issues", "Create issues"
    INCIDENTS = "incidents", "Create incidents"
    ACK = "ack", "Acknowledge alerts"
    REPORTS = "reports", "Make and read reports"
    CATALOG = "catalog", "Write factories and sprockets"
    STREAM = "stream", "Listen to the live stream"


class ProcessKind(TextChoices):
    """What a process is there for."""

    WEB = "web"
    WORKER = "worker"
    BEAT = "beat"


class NotificationKind(TextChoices):
    """Why a person is told something. The last three are letters about an account: never listed, never off."""

    ASSIGNED = "assigned", "Assigned to me"
    MENTIONED = "mentioned", "I am mentioned"
    WATCHED = "watched", "Something I watch has changed"
    REPORT_READY = "report_ready", "A report that I asked for is ready"
    OPERATION = "operation", "Something needs an operator"
    CONFIRM_EMAIL = "confirm_email", "Confirm the e-mail address"
    RESET_PASSWORD = "reset_password", "Set a new password"
    ACCOUNT_EXISTS = "account_exists", "Somebody tried to register this address"


ACCOUNT_LETTERS = frozenset(
    {NotificationKind.CONFIRM_EMAIL, NotificationKind.RESET_PASSWORD, NotificationKind.ACCOUNT_EXISTS}
)


# Whoever asks for a report mostly waits for it at the screen.
NOT_MAILED_AT_FIRST = frozenset({NotificationKind.REPORT_READY})


class MailWish(TextChoices):
    """Whether, and when, a person wants a letter about something."""

    NEVER = "never", "Never"
    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Once a day"
