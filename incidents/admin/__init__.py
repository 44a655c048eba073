"""The back office's pages for issues, tickets, alerts, channels and promises."""

from incidents.admin import (
    alerts,
    calendars,
    channels,
    dashboard,
    deliveries,
    hook_calls,
    hook_rules,
    hooks,
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
    "issues",
    "policies",
    "sla_files",
    "statuses",
    "tags",
    "tickets",
]
