"""Kept files in a folder that no web server knows."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from tracker import clock


class DiskStorage(FileSystemStorage):
    """Files below MEDIA_ROOT/attachments, readable by this user alone. Only takes files that lie on the same disk."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def location(self) -> str:
        """The folder."""
        return str(Path(settings.MEDIA_ROOT).resolve() / "attachments")

    def _save(self, name: str, content: Any) -> str:
        """Puts the file in its place in one step, and only when its bytes are on the disk."""
        path = Path(self.path(name))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.fsync(content.fileno())
        # The sweep of orphans asks how old a file is by the application's clock.
        now = clock.now().timestamp()
        os.utime(content.fileno(), (now, now))
        Path(content.temporary_file_path()).rename(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return name

    def url(self, name: str | None) -> str:
        """There is none: files are reached through their issue alone."""
        raise NotImplementedError("Kept files have no address of their own.")
