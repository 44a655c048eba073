"""Django's handle on this package."""

from django.apps import AppConfig


class TrackerConfig(AppConfig):
    """Registers the package with Django."""

    name = "tracker"
    default_auto_field = "django.db.models.BigAutoField"
