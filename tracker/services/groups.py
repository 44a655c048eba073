"""Groups and Django permissions, derived from access.yaml so that nothing that asks Django gets another answer."""

from collections.abc import Iterator

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from tracker.access import ROLE_COLUMNS, table

# Which tables stand behind a row of the rights table.
TABLES = {
    "users": ("tracker.user",),
    "api_tokens": ("tracker.apitoken",),
    "projects": ("tracker.project",),
    "audit_log": ("tracker.event",),
    "periodic_tasks": (
        "django_celery_beat.periodictask",
        "django_celery_beat.intervalschedule",
        "django_celery_beat.crontabschedule",
    ),
    "tickets": ("incidents.ticket", "incidents.ticketstatus"),
    "ticket_events": ("incidents.ticketevent",),
    "comments": ("incidents.comment",),
    "alerts": ("incidents.alert",),
    "deliveries": ("incidents.delivery",),
    "sla_policies": (
        "incidents.policyversion",
        "incidents.policyrule",
        "incidents.escalationstep",
        "incidents.calendar",
        "incidents.clock",
        "incidents.policytrial",
    ),
    "channels": ("incidents.channel",),
    "issues": ("incidents.issue",),
    "tags": ("incidents.tag",),
    "attachments": ("incidents.attachment",),
    "incidents": ("incidents.incident",),
    "incident_categories": ("incidents.incidentcategory",),
    "enrichments": ("incidents.enrichmentrun",),
    "hooks": ("incidents.hook", "incidents.hookrule", "incidents.hookcall"),
    "mail": ("incidents.mailmessage",),
    "factories": ("tracker.factory",),
    "system": ("tracker.process",),
    "audit_findings": ("incidents.auditfinding",),
}
PREFIX_OF_ACTION = {
    "list": "view",
    "read": "view",
    "create": "add",
    "update": "change",
    "transition": "change",
    "delete": "delete",
}


@transaction.atomic
def sync_access() -> None:
    """Makes each role's group hold exactly what the table says; safe to repeat."""
    for role, column in ROLE_COLUMNS.items():
        group, _ = Group.objects.get_or_create(name=str(role))
        wanted = Q(pk__in=[])
        for app_label, codename in _permissions_of(column):
            wanted |= Q(content_type__app_label=app_label, codename=codename)
        group.permissions.set(Permission.objects.filter(wanted))


def _permissions_of(column: str) -> Iterator[tuple[str, str]]:
    for resource, tables in TABLES.items():
        codes = dict(zip(table()["actions"], table()["matrix"][resource][column], strict=True))
        prefixes = {prefix for action, prefix in PREFIX_OF_ACTION.items() if codes[action] in ("Y", "O", "V", "A")}
        for label in tables:
            app_label, model = label.split(".")
            yield from ((app_label, f"{prefix}_{model}") for prefix in prefixes)
