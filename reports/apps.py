"""Django's handle on this package."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Registers the package with Django."""

    name = "reports"
    default_auto_field = "django.db.models.BigAutoField"
