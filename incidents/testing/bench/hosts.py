"""Machines made of network namespaces: each has an address of its own and reaches this one over a cable of its own.

Linux and root are needed, and `ip` of iproute2. What runs on such a host shares the files and the processors of this
machine, and nothing of its network: not the loopback, not a port.
"""

import os
import shutil
import subprocess
from contextlib import ExitStack
from types import TracebackType
from typing import Self

# A network of its own for each host, out of the block that is meant for measuring (RFC 2544).
NETWORK = "198.18.0.0/15"


def can_make_hosts() -> bool:
    """Whether this process may make network namespaces here."""
    return os.geteuid() == 0 and shutil.which("ip") is not None and _run("netns", "list", check=False) == 0


class Hosts:
    """So many of them while a `with` block runs, numbered from 1."""

    def __init__(self, count: int) -> None:
        self.numbers = range(1, count + 1)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            for number in self.numbers:
                self._make(number)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def gateway(self, number: int) -> str:
        """Under which address a host reaches this machine."""
        return f"198.18.{number}.1"

    def run_on(self, number: int) -> tuple[str, ...]:
        """What to put before a command so that it runs on a host."""
        return ("ip", "netns", "exec", self._name(number))

    def _name(self, number: int) -> str:
        return f"tracker-{os.getpid()}-{number}"

    def _make(self, number: int) -> None:
        name, near, far = self._name(number), f"trk{number}a", f"trk{number}b"
        _run("netns", "add", name)
        self._stack.callback(_run, "netns", "del", name)
        _run("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        _run("addr", "add", f"{self.gateway(number)}/30", "dev", near)
        _run("link", "set", near, "up")
        _run("-n", name, "addr", "add", f"198.18.{number}.2/30", "dev", far)
        _run("-n", name, "link", "set", far, "up")
        _run("-n", name, "link", "set", "lo", "up")
        _run("-n", name, "route", "add", "default", "via", self.gateway(number))


def _run(*arguments: str, check: bool = True) -> int:
    return subprocess.run(["ip", *arguments], check=check, capture_output=True).returncode
