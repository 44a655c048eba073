"""The back office's pages for issues, incidents, tickets, alerts, channels and promises."""

from incidents.admin import (
    alerts,
    calendars,
    channels,
    dashboard,
    deliveries,
    hook_calls,
    hook_rules,
    hooks,
    incident_categories,
    incidents,
    issues,
    policies,
    sla_files,
    statuses,
    tags,
    tickets,
)

__all__ = [
    "alerts",
    "calendars",
    "channels",
    "dashboard",
    "deliveries",
    "hook_calls",
    "hook_rules",
    "hooks",
    "incident_categories",
    "incidents",
    "issues",
    "policies",
    "sla_files",
    "statuses",
    "tags",
    "tickets",
]
