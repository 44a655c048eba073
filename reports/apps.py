"""Django's handle on this package."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Registers the package with Django."""

    name = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declares schedules, once the models can be imported."""
        from reports import default_schedules  # noqa: F401
