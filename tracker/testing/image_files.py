"""What the image holds, laid out in a directory: the files that .dockerignore lets in, and the static files built."""

import fnmatch
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tracker.testing.containers import Image
from tracker.testing.services import CHECKOUT

SEARCH_PATH = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                               "/usr/bin", "/sbin", "/bin"])  # fmt: skip


def build_files(directory: Path) -> None:
    """Does in `directory` what the Dockerfile does in /srv/tracker.

    Raises:
        AssertionError: a step failed, or .dockerignore says something that this does not understand.
    """
    directory.mkdir(parents=True)
    for path in _let_in():
        target = directory / path.relative_to(CHECKOUT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    image = Image.read()
    # Packing 33 MB with Brotli as well takes most of a minute, and changes no answer.
    without_brotli = directory.parent / "without-brotli"
    without_brotli.mkdir()
    (without_brotli / "brotli.py").write_text("raise ImportError\n", encoding="utf-8")
    done = subprocess.run(
        ["python", "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=directory,
        env={**image.environment, **image.build_environment, "PATH": SEARCH_PATH, "PYTHONPATH": str(without_brotli)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def _let_in() -> list[Path]:
    lines = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").split()
    let_in = [line.removeprefix("!") for line in lines if line.startswith("!")]
    kept_out = [line.removeprefix("**/") for line in lines if line.startswith("**/")]
    assert len(lines) == 1 + len(let_in) + len(kept_out), ".dockerignore says what this does not understand"
    assert lines[0] == "*", ".dockerignore lets in what it does not name"
    found = []
    for name in let_in:
        path = CHECKOUT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            parts = file.relative_to(CHECKOUT).parts
            if file.is_file() and not any(fnmatch.fnmatch(part, out) for part in parts for out in kept_out):
                found.append(file)
    return found
