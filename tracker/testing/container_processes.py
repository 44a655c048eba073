"""Processes that stand for containers: the service's own command, environment and health check, and a clean end.

Where this machine allows a mount namespace, a process also has the container's read-only file system.
"""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tracker.testing.image_files import SEARCH_PATH
from tracker.testing.ports import wait_until


@dataclass(slots=True)
class Container:
    """One of them. `directory` is the working directory, `scratch` what is /tmp inside, `volumes` what else is kept."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    health_check: Sequence[str]
    directory: Path
    scratch: Path
    volumes: Sequence[Path] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Runs the command; a second start is a restart of the same container."""
        assert not self.is_running(), f"{self.name} runs already"
        self.scratch.mkdir(parents=True, exist_ok=True)
        with self._log_file().open("ab") as log:
            self.process = subprocess.Popen(
                self._confined(self.command),
                cwd=self.directory,
                env=self._full_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs another command in the same place, as `docker compose exec` does."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            self._confined(command),
            cwd=self.directory,
            env=self._full_environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process is not None and self.process.poll() is None

    def is_well(self) -> bool:
        """What its own health check says; one without a check is well while it runs."""
        return self.is_running() and (not self.health_check or self.run(*self.health_check).returncode == 0)

    def wait_until_well(self, *, seconds: float = 90) -> None:
        """Raises AssertionError with the end of its log where it does not become well."""
        wait_until(
            lambda: not self.is_running() or self.is_well(),
            seconds=seconds,
            what=lambda: f"{self.name}: {self.log()[-3000:]}",
        )
        assert self.is_running(), f"{self.name} ended:\n{self.log()[-3000:]}"

    def terminate(self) -> None:
        """Tells it to end, as the engine does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self, *, seconds: float = 30) -> int:
        """The exit code; kills what stays longer than a container may, and raises subprocess.TimeoutExpired."""
        assert self.process is not None
        try:
            return self.process.wait(timeout=seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends it and all its children at once."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
            self.process.wait()

    def log(self) -> str:
        """All it wrote."""
        path = self._log_file()
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _log_file(self) -> Path:
        return self.scratch.parent / f"{self.name}.log"

    def _full_environment(self) -> dict[str, str]:
        return {"PATH": SEARCH_PATH, "HOME": str(self.directory), "TMPDIR": str(self.scratch), **self.environment}

    def _confined(self, command: Sequence[str]) -> list[str]:
        if not can_confine():
            return list(command)
        writable = [shlex.quote(str(path)) for path in (self.scratch, *self.volumes)]
        steps = ["mount --make-rprivate /", *(f"mount --bind {path} {path}" for path in writable)]
        own = shlex.quote(str(self.directory))
        steps += [f"mount --bind {own} {own}", f"mount -o remount,bind,ro {own}", "mount -o remount,bind,ro /"]
        script = " && ".join([*steps, f"cd {own}", 'exec "$@"'])
        return ["unshare", "--mount", "sh", "-c", script, "sh", *command]


@cache
def can_confine() -> bool:
    """Whether a process of this machine may have a file system of its own."""
    try:
        tried = subprocess.run(
            ["unshare", "--mount", "sh", "-c", "mount --make-rprivate / && mount -o remount,bind,ro /"],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return tried.returncode == 0
