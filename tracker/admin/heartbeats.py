"""When each sweep last ran."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from tracker import clock, schedules
from tracker.access import may
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge, write_moment, write_span
from tracker.admin.site import Panel, TrackerAdminSite
from tracker.models import SweepHeartbeat
from tracker.schedules import Every

site: TrackerAdminSite = admin.site  # type: ignore[assignment]


@admin.register(SweepHeartbeat)
class SweepHeartbeatAdmin(AccessAdmin[SweepHeartbeat]):
    """The pulse of beat, worker and sweeps; read-only."""

    resource = "periodic_tasks"
    menu = ("Operation", 12)
    list_display = ("name", "state_cell", "started_cell", "duration_cell", "rows", "runs_total", "rows_total")

    @admin.display(description="last run")
    def started_cell(self, beat: SweepHeartbeat) -> str:
        """When it began."""
        return write_moment(beat.started_at)

    @admin.display(description="took")
    def duration_cell(self, beat: SweepHeartbeat) -> str:
        """How long it took."""
        if beat.duration_seconds < 1:
            return f"{beat.duration_seconds * 1000:.0f} ms"
        return write_span(beat.duration_seconds)

    @admin.display(description="state")
    def state_cell(self, beat: SweepHeartbeat) -> SafeString:
        """How it ended."""
        return heartbeat_badge(beat)


def heartbeat_badge(beat: SweepHeartbeat) -> SafeString:
    """How a sweep's last run ended, and whether the next is overdue."""
    if beat.last_error:
        return render_badge("Failed", "breach")
    if beat.finished_at is None or beat.finished_at < beat.started_at:
        return render_badge("Running", "info")
    return render_badge("Late", "breach") if _is_late(beat) else render_badge("OK", "ok")


def _is_late(beat: SweepHeartbeat) -> bool:
    """Whether three of its shipped intervals have passed."""
    shipped = next((one for one in schedules.default_schedules().values() if one.sweep == beat.name), None)
    if shipped is None or not isinstance(shipped.when, Every):
        return False
    return (clock.now() - beat.started_at).total_seconds() > max(3 * shipped.when.seconds, 60)


def sweeps_panel(request: HttpRequest) -> Panel | None:
    """When each sweep last ran."""
    if not may(actor_of(request), "periodic_tasks", "list"):
        return None
    beats = [(beat, heartbeat_badge(beat)) for beat in SweepHeartbeat.objects.order_by("name")]
    return Panel("admin/tracker/panels/sweeps.html", {"beats": beats}, position=23)


site.add_panel(sweeps_panel)
