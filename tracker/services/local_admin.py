"""The admin account of a local run."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from tracker.access import Actor
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.events import log_event


@dataclass(frozen=True, slots=True)
class LocalAdmin:
    """Who logs in; `password` is None where somebody changed it since."""

    email: str
    password: str | None


@transaction.atomic
def ensure_local_admin(*, actor: Actor, email: str, password: str, password_file: Path) -> LocalAdmin:
    """Makes the admin account `email` unless it is there already.

    Args:
        password: empty for a random one, which is kept in `password_file`, readable to its owner alone.
    """
    user = User.objects.filter(email=normalise_email(email)).first()
    if user is None:
        if not password:
            password = secrets.token_urlsafe(12)
            _write_privately(password_file, password)
        user = User.objects.create_superuser(email, password)
        log_event(actor=actor, verb="user.created", obj=user, after={"email": user.email, "role": user.role})
        return LocalAdmin(user.email, password)
    known = password or (password_file.read_text(encoding="utf-8").strip() if password_file.exists() else "")
    return LocalAdmin(user.email, known if known and user.check_password(known) else None)


def _write_privately(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
