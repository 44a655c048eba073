"""Whether the nightly backup can be made where it is asked for: told at the start, not at night."""

import tempfile
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, InterfaceError

from tracker.backups.postgresql import find_program
from tracker.checks.installation import INSTALLATION
from tracker.exceptions import Unavailable

__all__ = ["check_backups"]


@register(INSTALLATION, Tags.database)
def check_backups(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The folder and the program."""
    if not databases or not settings.BACKUP_DIRECTORY:
        return []
    found: list[CheckMessage] = []
    try:
        find_program("pg_dump")
    except Unavailable as refusal:
        found.append(Warning("No backup can be made.", hint=refusal.message, id="tracker.W110"))
    except (DatabaseError, InterfaceError):
        # Said already, by whoever asks the database.
        return []
    try:
        settings.BACKUP_DIRECTORY.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.BACKUP_DIRECTORY):
            pass
    except OSError as error:
        hint = f"Mount a volume that this user may write at BACKUP_DIRECTORY ({settings.BACKUP_DIRECTORY})."
        found.append(Warning(f"No backup can be written: {type(error).__name__}.", hint=hint, id="tracker.W111"))
    return found
