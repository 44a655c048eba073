"""The account that lets the first person in: named by the environment, or made up on a local run."""

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
class FirstAdmin:
    """Who logs in; `password` is None where somebody changed it since."""

    email: str
    password: str | None


@transaction.atomic
def ensure_first_admin(*, actor: Actor, email: str, password: str, password_file: Path | None = None) -> FirstAdmin:
    """Makes the admin account `email` unless it is there already; an account that is there is never changed.

    Args:
        password: empty for a random one, which is kept in `password_file`, readable to its owner alone.
    """
    known = password or _read(password_file)
    user = User.objects.filter(email=normalise_email(email)).first()
    if user is not None:
        return FirstAdmin(user.email, known if known and user.check_password(known) else None)
    if not password:
        known = secrets.token_urlsafe(12)
        if password_file is not None:
            _write_privately(password_file, known)
    user = User.objects.create_superuser(email, known)
    log_event(actor=actor, verb="user.created", obj=user, after={"email": user.email, "role": user.role})
    return FirstAdmin(user.email, known)


def _read(file: Path | None) -> str:
    return file.read_text(encoding="utf-8").strip() if file is not None and file.exists() else ""


def _write_privately(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
