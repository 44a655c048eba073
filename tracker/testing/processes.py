"""Real processes for tests: started with the test's database, watched through what they write, never left behind."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tracker.testing.services import CHECKOUT, make_child_environment


class ChildProcess:
    """A process and what it wrote so far (stdout and stderr together). PYTHONPATH may name another checkout to run."""

    def __init__(self, command: Sequence[str], **environment: str) -> None:
        descriptor, name = tempfile.mkstemp(prefix="tracker-test-", suffix=".log")
        self._log = Path(name)
        self._process = subprocess.Popen(
            command,
            env=make_child_environment(PYTHONUNBUFFERED="1", **environment),
            cwd=environment.get("PYTHONPATH") or CHECKOUT,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(descriptor)

    @property
    def pid(self) -> int:
        """The process's id, which is also its group's."""
        return self._process.pid

    def output(self) -> str:
        """All it wrote so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, *, seconds: float = 30) -> None:
        """Returns once `text` stands in the output.

        Raises:
            AssertionError: it did not come in time, or the process ended first; the message holds the output's end.
        """
        self.wait_until(lambda: text in self.output(), what=repr(text), seconds=seconds)

    def wait_until(self, is_true: Callable[[], bool], *, what: str, seconds: float = 30) -> None:
        """As `wait_for`, for any condition."""
        deadline = time.monotonic() + seconds
        while not is_true():
            if self._process.poll() is not None and not is_true():
                raise AssertionError(f"It ended before {what}:\n{self.output()[-3000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"No {what} within {seconds} s:\n{self.output()[-3000:]}")
            time.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process alone."""
        os.kill(self.pid, number)

    def wait(self, *, seconds: float) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout=seconds)

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends it and all its children at once, and forgets its log."""
        if self.is_running():
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        self._log.unlink(missing_ok=True)
