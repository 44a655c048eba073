"""Django's handle on this package."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the package with Django."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declares schedules, checks, figures and what people are told of, once the models can be imported."""
        from incidents import default_schedules, monitoring, people_data, subjects  # noqa: F401
