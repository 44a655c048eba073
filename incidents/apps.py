"""Django's handle on this package."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the package with Django."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declares the schedules of the sweeps, once the models can be imported."""
        from incidents import default_schedules  # noqa: F401
