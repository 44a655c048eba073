"""Which backups there are, and how each went."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge, write_moment, write_span
from tracker.models import Backup


@admin.register(Backup)
class BackupAdmin(AccessAdmin[Backup]):
    """Read-only: they are made at night and by `manage.py backup`, and brought back by `manage.py restore`."""

    resource = "backups"
    menu = ("Operation", 4)
    live_types = "backup"
    list_display = (
        "started_cell", "state_cell", "name_cell", "size_cell", "files", "took_cell", "release", "kept_cell",
    )  # fmt: skip
    list_display_links = ("started_cell",)
    ordering = ("-id",)
    fields = (
        "state_cell", "started_cell", "took_cell", "location", "bytes_cell", "digest_cell", "files", "release",
        "error", "kept_cell", "removed_cell",
    )  # fmt: skip
    empty_hint = "None was made yet. Set BACKUP_DIRECTORY, and one is made each night; manage.py backup makes one now."

    def get_readonly_fields(self, request: HttpRequest, obj: Backup | None = None) -> Any:
        """All of them."""
        return self.fields

    @admin.display(description="begun")
    def started_cell(self, backup: Backup) -> str:
        """When it began."""
        return write_moment(backup.started_at)

    @admin.display(description="state")
    def state_cell(self, backup: Backup) -> SafeString:
        """How it went."""
        if backup.error:
            return render_badge("Failed", "breach")
        if backup.finished_at is None:
            return render_badge("Running", "info")
        return render_badge("Taken away", "quiet") if backup.removed_at else render_badge("Whole", "ok")

    @admin.display(description="file")
    def name_cell(self, backup: Backup) -> str:
        """The file's name, or why there is none."""
        return backup.error[:120] or str(backup)

    @admin.display(description="size")
    def size_cell(self, backup: Backup) -> str:
        """How large it is."""
        return filesizeformat(backup.size_bytes) if backup.size_bytes else "–"

    @admin.display(description="size")
    def bytes_cell(self, backup: Backup) -> str:
        """How large it is, to the byte: by this a copy is compared."""
        return f"{backup.size_bytes:,} bytes" if backup.size_bytes else "–"

    @admin.display(description="SHA-256")
    def digest_cell(self, backup: Backup) -> str:
        """What `sha256sum` says of the file."""
        return backup.sha256 or "–"

    @admin.display(description="taken away")
    def removed_cell(self, backup: Backup) -> str:
        """When the policy took it away."""
        return write_moment(backup.removed_at) if backup.removed_at else "–"

    @admin.display(description="took")
    def took_cell(self, backup: Backup) -> str:
        """How long it took."""
        if backup.finished_at is None:
            return "–"
        return write_span((backup.finished_at - backup.started_at).total_seconds())

    @admin.display(description="kept until")
    def kept_cell(self, backup: Backup) -> str:
        """When the policy takes it away."""
        return "–" if backup.removed_at else write_moment(backup.kept_until)
