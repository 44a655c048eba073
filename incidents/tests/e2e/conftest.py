"""A real browser in front of a real server process that sees the test's database."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from playwright.sync_api import BrowserContext, Page, expect

from incidents.services.demo import seed_demo
from tracker.access import Actor
from tracker.models import User
from tracker.testing.services import CHECKOUT, make_child_environment

START_TIMEOUT_SECONDS = 180
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
PASSWORD = "a long enough password"


@pytest.fixture(scope="session", autouse=True)
def _allow_orm_beside_the_browser() -> None:
    # Playwright's own event loop runs in this thread; the ORM is used between its calls, never inside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium: Playwright's own download is neither needed nor wanted."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_ARGS}


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The address of a gunicorn that serves everything on one port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"],
            cwd=CHECKOUT,
            env=make_child_environment(API_PORT=str(port), PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "metrics")),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server, tmp_path / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture
def screenshots() -> Path:
    """Where pictures go: to be looked at, and one of them into the README."""
    folder = Path(settings.VAR_DIR) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


@pytest.fixture
def complaints(context: BrowserContext) -> list[str]:
    """Console errors and page errors, refused styles and scripts among them."""
    found: list[str] = []
    context.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: found.append(str(error.error)))
    return found


@pytest.fixture
def back_office(site: str, page: Page, complaints: list[str]) -> str:
    """The demo is in, and an admin has logged in."""
    admin = User.objects.create_superuser("admin@example.com")
    # The server has the real hashers only.
    admin.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    admin.save()
    seed_demo(actor=Actor.system("e2e"))
    page.goto(f"{site}/admin/")
    page.get_by_label("E-mail").fill("admin@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("admin@example.com").first).to_be_visible()
    return f"{site}/admin"
