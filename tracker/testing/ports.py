"""Ports of this machine for what tests run."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack


def find_free_ports(count: int) -> list[int]:
    """Ports that nobody listened on a moment ago, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def is_listening(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_true: Callable[[], bool], *, seconds: float, what: Callable[[], str]) -> None:
    """Returns once `is_true` says so.

    Raises:
        AssertionError: it did not in time; the message is `what` says then.
    """
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds:g} s: {what()}")
        time.sleep(0.05)
