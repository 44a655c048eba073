"""What became of the file at SLA_CONFIG_PATH."""

from django.contrib import admin
from django.utils.safestring import SafeString

from incidents.models import SLAConfigFile
from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge, write_moment


@admin.register(SLAConfigFile)
class SLAConfigFileAdmin(AccessAdmin[SLAConfigFile]):
    """The file's last good state, and why a newer one was refused."""

    resource = "sla_policies"
    menu = ("SLA", 4)
    list_display = ("path", "state_cell", "applied_cell", "refused_cell")
    fields = ("path", "state_cell", "applied_cell", "applied_digest", "refused_cell", "error")
    readonly_fields = ("state_cell", "applied_cell", "refused_cell")
    empty_hint = "SLA_CONFIG_PATH is not set: policies are edited here."

    @admin.display(description="state")
    def state_cell(self, file: SLAConfigFile) -> SafeString:
        """Whether the file as it stands is in force."""
        return render_badge("Refused", "breach") if file.error else render_badge("Applied", "ok")

    @admin.display(description="applied")
    def applied_cell(self, file: SLAConfigFile) -> str:
        """When it was last taken over."""
        return write_moment(file.applied_at)

    @admin.display(description="refused")
    def refused_cell(self, file: SLAConfigFile) -> str:
        """When a newer content was refused."""
        return write_moment(file.refused_at)
