"""The back office's pages for tickets, alerts, channels and promises."""

from incidents.admin import alerts, calendars, channels, dashboard, deliveries, policies, sla_files, statuses, tickets

__all__ = ["alerts", "calendars", "channels", "dashboard", "deliveries", "policies", "sla_files", "statuses", "tickets"]
