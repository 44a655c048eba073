"""Django's handle on this package."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the package with Django."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
