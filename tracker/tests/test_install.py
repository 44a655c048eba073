"""requirements/install.py: what a stranger reads when something is missing."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.testing.services import CHECKOUT


@pytest.fixture
def installer(tmp_path):
    """The script, run on a checkout of its own."""
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    for name in ("install.py", "local.txt", "dev.txt"):
        shutil.copy(CHECKOUT / "requirements" / name, requirements / name)
    spec = importlib.util.spec_from_file_location("install", requirements / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def complaint(call, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        call(*arguments)
    text = str(stop.value)
    assert text.startswith("error: ")
    assert "\n" not in text
    return text


def test_an_old_python_is_named_and_the_way_out_is_told(installer, monkeypatch):
    monkeypatch.setattr(installer.sys, "version_info", (3, 9, 2))
    assert "Python 3.9 is too old" in complaint(installer.check_machine, "local")


def test_a_missing_venv_module_is_named(installer, monkeypatch):
    monkeypatch.setattr(installer, "runs", lambda *command: False)
    assert "python3-venv" in complaint(installer.check_machine, "local")


def test_a_full_disk_is_named(installer, monkeypatch):
    monkeypatch.setitem(installer.NEEDED_GIGABYTES, "local", 10**9)
    assert "make room" in complaint(installer.check_machine, "local")


def test_an_index_that_cannot_be_reached_is_one_line_at_the_end(installer, tmp_path, monkeypatch):
    (tmp_path / "requirements" / "local.txt").write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert "package index" in complaint(installer.install, "local")


def test_what_is_installed_already_is_not_installed_again(installer, tmp_path):
    binary = tmp_path / ".venv" / "bin" / "python"
    binary.parent.mkdir(parents=True)
    binary.symlink_to(sys.executable)
    assert not installer.is_installed("local")
    (tmp_path / ".venv" / "installed-requirements").write_text(installer.digest("dev") + "\n")
    assert installer.is_installed("dev")
    assert installer.is_installed("local")
    with (tmp_path / "requirements" / "dev.txt").open("a") as lock:
        lock.write("# changed\n")
    assert not installer.is_installed("dev")


def test_make_names_a_missing_python():
    run = subprocess.run(
        ["make", "local", "PYTHON=no-such-python"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert run.returncode != 0
    assert "error: no-such-python is missing: install Python 3.11 or newer" in run.stderr
