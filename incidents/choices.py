"""Words of tickets, clocks, alerts and deliveries, with their meaningful subsets."""

from django.db.models import TextChoices


class Category(TextChoices):
    """What a sender's free-text status means to the clocks, in the order of a ticket's life."""

    NEW = "new", "New"
    ACTIVE = "active", "Active"
    WAITING = "waiting", "Waiting"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"


STOPPING_CATEGORIES = frozenset({Category.RESOLVED, Category.CLOSED})
CATEGORY_RANK = {category.value: rank for rank, category in enumerate(Category)}


class ClockKind(TextChoices):
    """The two promises on a ticket."""

    RESPONSE = "response", "Response"
    RESOLUTION = "resolution", "Resolution"


class ClockState(TextChoices):
    """Whether working time is being used up."""

    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    VOID = "void", "Void: the history no longer knows this cycle"


LIVE_CLOCK_STATES = frozenset({ClockState.RUNNING, ClockState.PAUSED})


class Verdict(TextChoices):
    """How a stopped clock is judged, for ever."""

    MET = "met", "Met"
    BREACHED = "breached", "Breached"


class ForecastLikeness(TextChoices):
    """How like the cases are of which a forecast is a count."""

    TIER = "tier", "same priority and tier"
    PRIORITY = "priority", "same priority"
    ALL = "all", "all tickets"


class SLAState(TextChoices):
    """Where a live clock or ticket stands now."""

    OK = "ok", "OK"
    ALERT = "alert", "Alert"
    BREACH = "breach", "Breach"


class AppliesTo(TextChoices):
    """Which tickets a new policy version governs from its effective date on."""

    NEW = "new", "New tickets only"
    OPEN = "open", "Open tickets too, time used so far carried over"
    REBASE = "rebase", "Open tickets too, recomputed from their start"


class TrialState(TextChoices):
    """The life of a policy's trial."""

    PENDING = "pending", "Waiting"
    RUNNING = "running", "Running"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


UNFINISHED_TRIALS = frozenset({TrialState.PENDING, TrialState.RUNNING})


class PolicySource(TextChoices):
    """Where a policy version came from."""

    DEFAULT = "default", "Built in"
    FILE = "file", "File"
    ADMIN = "admin", "Admin"


class AlertState(TextChoices):
    """The life of an alert; withdrawn means that a late event showed it was never due."""

    FIRING = "firing", "Firing"
    ACKED = "acked", "Acknowledged"
    RESOLVED = "resolved", "Resolved"
    WITHDRAWN = "withdrawn", "Withdrawn"


LIVE_ALERT_STATES = frozenset({AlertState.FIRING, AlertState.ACKED})


class ChannelKind(TextChoices):
    """How a channel speaks."""

    SLACK = "slack", "Slack"
    WEBHOOK = "webhook", "Webhook"
    EMAIL = "email", "E-mail"
    PERSON = "person", "Letters to people"


# The channel of people is Tracker's own: nobody makes one, and alerts do not go there.
KINDS_FOR_ALERTS = tuple((str(kind), kind.label) for kind in ChannelKind if kind != ChannelKind.PERSON)


class Notice(TextChoices):
    """What a delivery tells its receiver."""

    FIRED = "fired", "Alert fired"
    RESOLVED = "resolved", "Alert resolved"
    WITHDRAWN = "withdrawn", "Alert withdrawn"
    TEST = "test", "Test message"
    DEAD_LETTER = "dead_letter", "A channel stopped working"
    LETTER = "letter", "Letter to a person"


class DeliveryStatus(TextChoices):
    """The life of a delivery."""

    PENDING = "pending", "Pending"
    LEASED = "leased", "Being sent"
    SENT = "sent", "Sent"
    DEAD = "dead", "Dead"
    CANCELLED = "cancelled", "Cancelled"


class FindingState(TextChoices):
    """What became of something that the auditor found."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted as it is"
    REPAIRED = "repaired", "Repaired"
    GONE = "gone", "Gone by itself"


# Those of which there is at most one of a rule and a row.
STANDING_FINDINGS = frozenset({FindingState.OPEN, FindingState.ACCEPTED})


class IssueStatus(TextChoices):
    """The life of an issue; access.yaml says which moves there are."""

    OPEN = "OPEN", "Open"
    TRIAGED = "TRIAGED", "Triaged"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    DONE = "DONE", "Done"


class Severity(TextChoices):
    """How bad an issue is."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class IssueLinkKind(TextChoices):
    """How one issue stands to another."""

    DUPLICATES = "duplicates", "Duplicates"
    BLOCKS = "blocks", "Blocks"
    RELATES = "relates", "Relates to"


class IncidentStatus(TextChoices):
    """How far people are with an incident; access.yaml says which moves there are."""

    OPEN = "OPEN", "Open"
    TRIAGED = "TRIAGED", "Triaged"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    DONE = "DONE", "Done"


class EnrichmentState(TextChoices):
    """How far Tracker is with finding out more about an incident; kept apart from what people do with it."""

    NEW = "NEW", "New"
    ENRICHING = "ENRICHING", "Enriching"
    ENRICHED = "ENRICHED", "Enriched"
    FAILED = "FAILED", "Failed"


class Recovery(TextChoices):
    """What became of the things that went missing, where anything did."""

    UNKNOWN = "unknown", "Unknown or nothing missing"
    MISSING = "missing", "Missing"
    RECOVERED = "recovered", "Recovered"


class IncidentLinkKind(TextChoices):
    """How an incident stands to an issue, a ticket or another incident."""

    RELATES = "relates", "Relates to"
    DUPLICATES = "duplicates", "Duplicates"
    CAUSED_BY = "caused_by", "Caused by"


class RunState(TextChoices):
    """The life of one provider's work on one incident."""

    PENDING = "pending", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Nothing to look up"
    FAILED = "failed", "Failed"


class HookKind(TextChoices):
    """Who sends to a hook."""

    ALERTMANAGER = "alertmanager", "Prometheus Alertmanager"
    GRAFANA = "grafana", "Grafana"
    SENTRY = "sentry", "Sentry"
    GITHUB = "github", "GitHub issues"


class HookTarget(TextChoices):
    """What a sender's signal becomes."""

    INCIDENT = "incident", "Incident"
    ISSUE = "issue", "Issue"
    IGNORE = "ignore", "Nothing"


class HookOutcome(TextChoices):
    """What became of one call."""

    TAKEN = "taken", "Taken"
    NOTED = "noted", "Kept, not understood"
    REFUSED = "refused", "Refused"


class MailOutcome(TextChoices):
    """What became of one message."""

    INCIDENT = "incident", "New incident"
    ISSUE = "issue", "New issue"
    COMMENT = "comment", "Comment"
    BOUNCE = "bounce", "Bounce"
    LOOP = "loop", "Sent by a machine"
    DUPLICATE = "duplicate", "Came before"
    REFUSED = "refused", "Refused"
