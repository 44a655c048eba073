"""Runs the programs of a local Tracker side by side: `make run`.

Each program has a process group of its own, so that Ctrl-C reaches only the supervisor and a stop leaves no orphan. A
program that dies is started again, later each time, and a few times at most. A small watchdog process ends everything
should the supervisor itself be killed. Standard library only.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TextIO

STOP_TIMEOUT_SECONDS = 8.0
MAX_DEATHS = 6
FIRST_PAUSE_SECONDS = 0.5
HEALTHY_AFTER_SECONDS = 60.0
OWN_NAME = "tracker"
COLOURS = (36, 32, 33, 35, 34, 31)

# Waits for its input to close, which is also what the kernel does on the supervisor's death; then ends what is left.
WATCHDOG = """
import json, os, signal, sys, time
groups = []
for line in sys.stdin:
    groups = json.loads(line)
def tell(number):
    for group in groups:
        try:
            os.killpg(group, number)
        except OSError:
            pass
if groups:
    for group in groups:
        try:
            os.kill(group, signal.SIGTERM)
        except OSError:
            pass
    time.sleep(float(sys.argv[1]))
    tell(signal.SIGKILL)
"""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and the name its lines are shown under."""

    name: str
    command: Sequence[str]


@dataclass(slots=True)
class _Run:
    program: Program
    label: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    start_at: float = 0.0


class Supervisor:
    """Starts `programs`, shows what they say, and keeps them alive until told to stop."""

    def __init__(self, programs: Sequence[Program], *, environment: Mapping[str, str], output: TextIO) -> None:
        width = max(len(name) for name in (OWN_NAME, *(program.name for program in programs)))
        self._runs = [
            _Run(program, _paint(f"{program.name:<{width}} |", colour, output))
            for program, colour in zip(programs, COLOURS, strict=False)
        ]
        self._label = _paint(f"{OWN_NAME:<{width}} |", 1, output)
        self._environment = dict(environment)
        self._output = output
        self._output_lock = threading.Lock()
        self._stopping = threading.Event()
        self._watchdog: subprocess.Popen[str] | None = None

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> int:
        """Runs until SIGINT, SIGTERM or a program that will not stay alive.

        Args:
            is_ready: asked a few times a second until it says yes.
            on_ready: called once, then.

        Returns:
            the exit code: 0 after a signal, 1 after a program that died too often.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stopping.set())
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", WATCHDOG, str(STOP_TIMEOUT_SECONDS)],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        ready = False
        try:
            while not self._stopping.is_set():
                if not all(self._tend(run) for run in self._runs):
                    return 1
                if not ready and is_ready():
                    ready = True
                    on_ready()
                self._stopping.wait(0.2)
            self.say("Stopping …")
            return 0
        finally:
            self._stop()

    def say(self, text: str) -> None:
        """Shows one line of the supervisor's own."""
        self._write(self._label, text)

    def _tend(self, run: _Run) -> bool:
        now = time.monotonic()
        if run.process is None:
            if now >= run.start_at:
                self._start(run)
            return True
        code = run.process.poll()
        if code is None:
            return True
        _kill_group(run.process.pid)
        run.deaths = 1 if now - run.started_at > HEALTHY_AFTER_SECONDS else run.deaths + 1
        run.process = None
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        if run.deaths >= MAX_DEATHS:
            self.say(f"{run.program.name} died {run.deaths} times in a row ({cause}); giving up.")
            return False
        pause = FIRST_PAUSE_SECONDS * 2 ** (run.deaths - 1)
        run.start_at = now + pause
        self.say(f"{run.program.name} died ({cause}); it starts again in {pause:g} s.")
        return True

    def _start(self, run: _Run) -> None:
        run.process = subprocess.Popen(
            run.program.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        run.started_at = time.monotonic()
        threading.Thread(target=self._copy, args=(run.label, run.process.stdout), daemon=True).start()
        if self._watchdog is not None and self._watchdog.stdin is not None:
            with contextlib.suppress(OSError):
                self._watchdog.stdin.write(json.dumps([each.process.pid for each in self._runs if each.process]) + "\n")
                self._watchdog.stdin.flush()

    def _copy(self, label: str, lines: IO[bytes]) -> None:
        for line in lines:
            self._write(label, line.decode("utf-8", "replace").rstrip())

    def _write(self, label: str, text: str) -> None:
        # Whoever reads us may have gone first, as in `make run | head`.
        with self._output_lock, contextlib.suppress(OSError, ValueError):
            self._output.write(f"{label} {text}\n")
            self._output.flush()

    def _stop(self) -> None:
        processes = [run.process for run in self._runs if run.process is not None]
        for process in processes:
            # The leader alone: it knows how to end its children in order.
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in processes:
            _kill_group(process.pid)
            process.wait()
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _paint(text: str, colour: int, output: TextIO) -> str:
    if not output.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
