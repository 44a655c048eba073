"""What stands in a backup about itself: from what release it is, what is in every table, and what every file must be.

It is signed with SECRET_KEY. A dump is a program that the database runs: one that somebody has put together must not be
taken for one of ours.
"""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from tracker.backups.refusals import refuse
from tracker.sealing import seal, unseal

FORMAT = 1
MOST_BYTES = 512 * 1024 * 1024
PROBE = "tracker"


@dataclass(frozen=True, slots=True)
class TableMark:
    """How many rows a table has, and what they come to."""

    rows: int
    hash: str


@dataclass(frozen=True, slots=True)
class FileMark:
    """What a member must be."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup.

    Attributes:
        made_at: the moment of its snapshot.
        stamp: how far the log's transaction numbers had come.
        cluster: which PostgreSQL it is from; such numbers mean nothing in another.
        files: the kept files, by key.
        left_over: files in the archive that no row named any more at the moment of the snapshot.
        missing: files that rows named and that were gone when they were to be copied.
        probe: a sealed word: who can read it can read the secrets in the tables.
    """

    made_at: datetime
    release: str
    server: str
    cluster: str
    stamp: int
    migrations: list[str]
    tables: dict[str, TableMark]
    dump: FileMark
    files: dict[str, FileMark]
    left_over: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    probe: str = field(default_factory=lambda: seal(PROBE))

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(table.rows for table in self.tables.values())

    def can_read_secrets(self) -> bool:
        """Whether what is sealed in its tables can be read with the present SECRET_KEY (or one of its fallbacks)."""
        return unseal(self.probe) == PROBE


def write_manifest(manifest: Manifest) -> bytes:
    """The document."""
    document = {"format": FORMAT, **asdict(manifest), "made_at": manifest.made_at.isoformat()}
    return json.dumps(document, indent=1, sort_keys=True).encode()


def read_manifest(text: bytes) -> Manifest:
    """What a document says.

    Raises:
        InvalidInput: it is none of a backup, or of a newer form.
    """
    try:
        document: dict[str, Any] = json.loads(text)
        if document.pop("format") != FORMAT:
            raise refuse("A newer release made this backup; restore it with that one.")
        return Manifest(
            **{
                **document,
                "made_at": datetime.fromisoformat(document["made_at"]),
                "tables": {name: TableMark(**mark) for name, mark in document["tables"].items()},
                "dump": FileMark(**document["dump"]),
                "files": {key: FileMark(**mark) for key, mark in document["files"].items()},
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refuse(f"Its manifest cannot be read: {type(error).__name__}.") from None


def sign(text: bytes) -> bytes:
    """The signature of a document, by the present SECRET_KEY."""
    return _sign(text, settings.SECRET_KEY)


def is_ours(text: bytes, signature: bytes) -> bool:
    """Whether this installation signed it, with the present SECRET_KEY or one of its fallbacks."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(_sign(text, key), signature) for key in keys)


def _sign(text: bytes, key: str) -> bytes:
    derived = hmac.digest(key.encode(), b"tracker.backup.v1", hashlib.sha256)
    return hmac.new(derived, text, hashlib.sha256).hexdigest().encode()
