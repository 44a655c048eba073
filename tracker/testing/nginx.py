"""A real nginx in front of webs that a test runs, with the very configuration of `infra/nginx/`."""

import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracker.testing.certificates import write_certificate
from tracker.testing.containers import read_composition, read_example
from tracker.testing.ports import find_free_ports, is_listening, wait_until
from tracker.testing.services import CHECKOUT
from tracker.testing.web_servers import Answer, ask_once

TEMPLATES = CHECKOUT / "infra" / "nginx"
WHY_SKIPPED = "nginx is missing: apt-get install nginx-light"
HTTP2_BY_ITSELF_SINCE = (1, 25, 1)


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx; `authority` is the certificate that its clients must trust."""

    http_port: int
    https_port: int
    directory: Path
    authority: Path
    process: subprocess.Popen[bytes]

    @property
    def origin(self) -> str:
        """Where people reach it."""
        return f"https://localhost:{self.https_port}"

    @property
    def trust(self) -> ssl.SSLContext:
        """For clients that trust nobody but this nginx."""
        return ssl.create_default_context(cafile=str(self.authority))

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request over TLS, on a connection of its own."""
        connection = http.client.HTTPSConnection("localhost", self.https_port, timeout=60, context=self.trust)
        return ask_once(connection, method, path, body, headers)

    def log(self) -> str:
        """What it wrote: the lines of requests that no web answered, and its errors."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def reload(self) -> None:
        """Reads its configuration again while the old processes end what they began."""
        self.process.send_signal(signal.SIGHUP)

    def stop(self, *, seconds: float = 30) -> int:
        """Ends it as a container's stop does (SIGQUIT); the exit code."""
        self.process.send_signal(signal.SIGQUIT)
        return self.process.wait(timeout=seconds)


def is_installed() -> bool:
    """Whether this machine has an nginx."""
    return _find_nginx() is not None


def nginx_command(directory: Path) -> list[str]:
    """The composition's own command, on what `render` wrote to `directory`."""
    command = read_composition(read_example())["services"]["nginx"]["command"]
    return [_find_nginx() or "nginx", *(word.replace("/tmp/", f"{directory}/") for word in command[1:])]  # noqa: S108


def render(directory: Path, variables: Mapping[str, str]) -> None:
    """Fills the templates as the entry point of nginx's image does: names of the environment alone, once."""
    for template in TEMPLATES.glob("*.template"):
        text = re.sub(
            r"\$\{(\w+)\}", lambda found: variables.get(found[1], found[0]), template.read_text(encoding="utf-8")
        )
        (directory / template.stem).write_text(text, encoding="utf-8")


def https_directive(port: int) -> str:
    """How an https port of this machine's nginx is told; until 1.25.1 HTTP/2 was a word of `listen`."""
    found = re.search(
        rb"nginx/(\d+)\.(\d+)\.(\d+)", subprocess.run([_find_nginx() or "nginx", "-v"], capture_output=True).stderr
    )
    version = tuple(int(part) for part in found.groups()) if found else HTTP2_BY_ITSELF_SINCE
    if version < HTTP2_BY_ITSELF_SINCE:
        return f"listen 127.0.0.1:{port} ssl http2;"
    return f"listen 127.0.0.1:{port} ssl; http2 on;"


def upstream_directive(web_ports: Sequence[int]) -> str:
    """The webs, on ports of this machine."""
    return " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in web_ports)


@contextmanager
def run_nginx(
    web_ports: Sequence[int], *, transport: str = "tls", ports: tuple[int, int] | None = None
) -> Iterator[Nginx]:
    """Runs nginx over these webs until the block ends; `transport` is tls, plain or behind, `ports` of http, https."""
    http_port, https_port = ports or find_free_ports(2)
    with tempfile.TemporaryDirectory(prefix="tracker-nginx-") as name:
        directory = Path(name)
        # Its workers are another user's where a container's root starts it.
        directory.chmod(0o755)
        write_certificate(directory)
        variables = {
            "NGINX_TRANSPORT": transport,
            "NGINX_UPSTREAM": upstream_directive(web_ports),
            "NGINX_LISTEN_HTTP": f"listen 127.0.0.1:{http_port};",
            "NGINX_LISTEN_HTTPS": https_directive(https_port),
            "NGINX_TLS_DIRECTORY": str(directory),
            "NGINX_SITE_URL": f"https://localhost:{https_port}",
        }
        render(directory, variables)
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                nginx_command(directory),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        nginx = Nginx(http_port, https_port, directory, directory / "fullchain.pem", process)
        try:
            wait_until(lambda: is_listening(http_port), seconds=10, what=lambda: f"nginx: {nginx.log()}")
            yield nginx
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _find_nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
