"""Django's handles on this package."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class TrackerConfig(AppConfig):
    """Registers the package with Django."""

    name = "tracker"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declares the registry's schedules, and keeps the groups in step with access.yaml after each migrate."""
        from tracker import checks, default_schedules, monitoring, people_data, retention_kinds  # noqa: F401
        from tracker.backups import monitoring as backup_monitoring  # noqa: F401
        from tracker.services import system_engines, system_kept, system_parts  # noqa: F401
        from tracker.services.groups import sync_access
        from tracker.telemetry import start as start_telemetry

        def follow_access(sender: AppConfig, **details: object) -> None:
            if sender.label in ("tracker", "incidents", "reports"):
                sync_access()

        start_telemetry()
        post_migrate.connect(follow_access, weak=False, dispatch_uid="tracker.sync_access")


class TrackerAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as the default one. It lives here, because naming it must not import any model."""

    default = False
    default_site = "tracker.admin.site.TrackerAdminSite"

    def ready(self) -> None:
        """Finds every package's pages; ours come by name, as importing them must not be a part of making the site."""
        super().ready()
        import_module("tracker.admin.pages")
