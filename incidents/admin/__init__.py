"""The back office's pages for tickets, alerts, channels and promises."""

from incidents.admin import tickets

__all__ = ["tickets"]
