#!/usr/bin/env python3
"""Makes .venv and installs one compiled list of requirements into it: `python3 requirements/install.py local`.

Does nothing when the list is installed already. Written so that an old Python 3 gets as far as saying what is missing.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-requirements"
# Whoever has the list of a developer has that of a local run.
LISTS_THAT_HOLD = {"local": ("local", "dev")}
OLDEST = (3, 11)
NEEDED_GIGABYTES = {"dev": 1.5, "local": 1.0}


def main(name: str) -> None:
    """Installs the list `name`, or stops with one line on stderr."""
    if is_installed(name):
        return
    check_machine(name)
    make_venv()
    install(name)
    with STAMP.open("a") as stamp:
        stamp.write(digest(name) + "\n")


def is_installed(name: str) -> bool:
    """Whether the list, as it is now, was installed into a .venv that still works."""
    if not (PYTHON.exists() and STAMP.exists()):
        return False
    installed = STAMP.read_text().split()
    return any(digest(other) in installed for other in LISTS_THAT_HOLD.get(name, (name,))) and runs(PYTHON, "-c", "")


def digest(name: str) -> str:
    """Changes with every change of the list."""
    return hashlib.sha256(lock_of(name).read_bytes()).hexdigest()


def lock_of(name: str) -> Path:
    """The compiled file of a list."""
    return CHECKOUT / "requirements" / f"{name}.txt"


def check_machine(name: str) -> None:
    """Stops where something is missing that no package index has."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        stop(f"Python {found} is too old: install Python 3.11 or newer and name it: make PYTHON=python3.11 …")
    if not runs(sys.executable, "-c", "import ensurepip, venv"):
        stop("Python's venv module is missing: apt-get install python3-venv, or your system's package of that name")
    needed, free = NEEDED_GIGABYTES.get(name, 1.0), shutil.disk_usage(str(CHECKOUT)).free / 1e9
    if free < needed:
        stop(f"only {free:.1f} GB are free in {CHECKOUT}: make room for {needed:.1f} GB")


def make_venv() -> None:
    """Makes .venv anew unless a working one of the right Python is there."""
    is_new_enough = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    if PYTHON.exists() and runs(PYTHON, "-c", is_new_enough):
        return
    say(f"Creating .venv with Python {sys.version_info[0]}.{sys.version_info[1]} …")
    if VENV.is_symlink():
        VENV.unlink()
    if not runs(sys.executable, "-m", "venv", "--clear", VENV):
        stop(f"no virtual environment could be made: see what `{sys.executable} -m venv --clear {VENV}` says")


def install(name: str) -> None:
    """Installs by uv where it is on the PATH, else by pip; hashes are checked by both."""
    say(f"Installing the pinned requirements ({name}); the first time takes a minute or two …")
    installers = [[str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]]
    uv = shutil.which("uv") or shutil.which("uv", path=str(PYTHON.parent))
    if uv:
        installers.insert(0, [uv, "pip", "install", "--python", str(PYTHON)])
    options = ["--quiet", "--quiet", "--require-hashes", "-r", str(lock_of(name))]
    if not any(subprocess.call([*installer, *options], stdin=subprocess.DEVNULL) == 0 for installer in installers):
        stop("the requirements could not be installed: is there a way to a package index, and room on the disk?")


def runs(*command: object) -> bool:
    """Whether a command ends well."""
    nothing = subprocess.DEVNULL
    return subprocess.call([str(word) for word in command], stdin=nothing, stdout=nothing, stderr=nothing) == 0


def say(text: str) -> None:
    """Tells what takes its time."""
    print(text, flush=True)


def stop(text: str) -> None:
    """Ends the run with one line."""
    sys.exit(f"error: {text}")


if __name__ == "__main__":
    main(sys.argv[1])
