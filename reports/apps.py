"""Django's handle on this package."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Registers the package with Django."""

    name = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declares schedules, rules, figures, files, letters and what people are told of, once there are models."""
        from reports import (  # noqa: F401
            audit_rules,
            default_schedules,
            file_claims,
            monitoring,
            people_data,
            retention_kinds,
            subjects,
        )
        from reports.services import report_mailings, system_parts  # noqa: F401
