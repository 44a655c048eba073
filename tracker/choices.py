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
