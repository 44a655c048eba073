"""When each sweep last ran."""

from django.contrib import admin
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge, write_moment, write_span
from tracker.models import SweepHeartbeat


@admin.register(SweepHeartbeat)
class SweepHeartbeatAdmin(AccessAdmin[SweepHeartbeat]):
    """The pulse of beat, worker and sweeps; read-only."""

    resource = "periodic_tasks"
    menu = ("System", 2)
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
        if beat.last_error:
            return render_badge("Failed", "breach")
        if beat.finished_at is None or beat.finished_at < beat.started_at:
            return render_badge("Running", "info")
        return render_badge("OK", "ok")
