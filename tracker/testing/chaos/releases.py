"""The release before a migration, from the history of this repository."""

import shutil
import subprocess
from pathlib import Path

from tracker.testing.services import CHECKOUT


def commit_before(path: Path) -> str | None:
    """The last commit that did not have this file; None where the history does not reach that far."""
    if shutil.which("git") is None:
        return None
    made = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(path.relative_to(CHECKOUT))).strip()
    return _git("rev-parse", "--verify", "--quiet", f"{made}^").strip() or None if made else None


def made_at(path: Path) -> tuple[int, str]:
    """A key that sorts files by when they came; what is not committed yet comes last."""
    at = _git("log", "--diff-filter=A", "--format=%ct", "-1", "--", str(path.relative_to(CHECKOUT))).strip()
    return (int(at) if at else 2**62, path.name)


def check_out(commit: str, folder: Path) -> Path:
    """Lays the files of a commit into a folder; the repository itself stays as it is."""
    archive = subprocess.Popen(["git", "archive", commit], cwd=CHECKOUT, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(folder)], stdin=archive.stdout, check=True)
    assert archive.wait() == 0
    return folder


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout
