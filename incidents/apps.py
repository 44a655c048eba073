"""Django's handle on this package."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the package with Django."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declares schedules, checks, figures, files and what people are told of, once the models can be imported."""
        from incidents import (  # noqa: F401
            audit_monitoring,
            default_schedules,
            file_claims,
            monitoring,
            people_data,
            restore_steps,
            retention_kinds,
            subjects,
        )
        from incidents.services import system_parts  # noqa: F401
