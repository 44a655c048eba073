"""The SLA file: applied when what it says has changed, whole or not at all; a bad one changes nothing."""

import sys
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction

from incidents.choices import PolicySource
from incidents.models import PolicyVersion, SLAConfigFile
from incidents.services.policies import current_book, hold_policy
from incidents.services.policy_documents import parse_document
from incidents.services.policy_versions import publish_version
from incidents.sla.documents import SLADocument
from incidents.sla.strict_yaml import MAX_BYTES
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, DomainError, InvalidInput

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class SLAFileState:
    """How the file at SLA_CONFIG_PATH does: `word` is none (no file is set), pending (not looked at yet), ok or bad.

    `faults` name what is wrong with the present content, one a line; the policy of `applied_at` holds meanwhile.
    """

    word: str
    path: str = ""
    applied_at: datetime | None = None
    faults: str = ""


def sla_file_state() -> SLAFileState:
    """What the last look at the file found; reads one row and never the file."""
    path = settings.SLA_CONFIG_PATH
    if not path:
        return SLAFileState("none")
    file = SLAConfigFile.objects.filter(path=path[:500]).first()
    if file is None:
        return SLAFileState("pending", path)
    return SLAFileState("bad" if file.error else "ok", path, file.applied_at, file.error)


def check_sla_file(path: str) -> SLADocument:
    """Reads the file at `path` (- is standard input) without storing anything.

    Raises:
        InvalidInput: it cannot be read, or has faults; `details` names each with its path in the file.
    """
    return parse_document(_read(path))


def load_sla_file(*, actor: Actor, path: str) -> PolicyVersion | None:
    """Publishes what the file at `path` says; None where the newest version came from a file and says the same.

    Raises:
        PermissionDenied: see access.yaml, sla_policies.create.
        Conflict: SLA_CONFIG_PATH names another file, which would win the next time it is looked at.
        InvalidInput: as `check_sla_file`; nothing is stored.
    """
    access.require(actor, "sla_policies", "create")
    owner = settings.SLA_CONFIG_PATH
    if owner and (path == STANDARD_INPUT or Path(owner).resolve() != Path(path).resolve()):
        raise Conflict(f"The file at SLA_CONFIG_PATH ({owner}) owns the policy; change that one.")
    return _apply(actor, path, parse_document(_read(path)))


def reload_sla_file() -> PolicyVersion | None:
    """Looks at the file at SLA_CONFIG_PATH and applies what is new in it; the version published, if any.

    What counts is what the file says, not its time or inode, so that atomic replacing and ConfigMap links are seen, and
    a touched file or another comment changes nothing. A faulty or missing file is written down once, and changes
    nothing either. Machines that share a database must be given the same file.
    """
    path = settings.SLA_CONFIG_PATH
    if not path:
        return None
    digest = ""
    try:
        content = _read(path)
        digest = sha256(content).hexdigest()
        version = _apply(Actor.system("sla_file"), path, parse_document(content))
    except DomainError as error:
        _note_refused(path, digest, error)
        return None
    _note_applied(path, digest)
    return version


def _read(path: str) -> bytes:
    try:
        if path == STANDARD_INPUT:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidInput.of_field("file", f"cannot be read: {reason}") from None


def _apply(actor: Actor, path: str, document: SLADocument) -> PolicyVersion | None:
    if _is_applied(document):
        return None
    with transaction.atomic():
        current_book()
        hold_policy(is_exclusive=True)
        if _is_applied(document):
            return None
        return publish_version(
            actor=actor,
            document=document,
            applies_to=document.applies_to,
            effective_at=document.effective_at,
            source=PolicySource.FILE,
            note=path[-300:],
        )


def _is_applied(document: SLADocument) -> bool:
    newest = PolicyVersion.objects.order_by("-number").first()
    return newest is not None and (newest.source, newest.digest) == (PolicySource.FILE, document.digest)


def _note_applied(path: str, digest: str) -> None:
    changes = {
        "applied_digest": digest,
        "applied_at": clock.now(),
        "refused_digest": "",
        "refused_at": None,
        "error": "",
    }
    known = SLAConfigFile.objects.filter(path=path[:500])
    if not known.filter(applied_digest=digest, error="").exists():
        SLAConfigFile.objects.update_or_create(path=path[:500], defaults={**changes, "error": ""})


def _note_refused(path: str, digest: str, error: DomainError) -> None:
    lines = [f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in error.details]
    text = "\n".join(lines) or error.message
    known = SLAConfigFile.objects.filter(path=path[:500])
    if not known.filter(refused_digest=digest, error=text).exists():
        changes = {"refused_digest": digest, "refused_at": clock.now(), "error": text}
        SLAConfigFile.objects.update_or_create(path=path[:500], defaults=changes)
