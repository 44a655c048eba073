"""One release, said once."""

import subprocess
import sys
import tomllib

import pytest
from django.test import Client

from tracker.testing.services import CHECKOUT
from tracker.version import VERSION


def test_the_package_and_the_changelog_say_the_same_release():
    assert tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    headings = [line for line in (CHECKOUT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## [")]
    assert headings[0] == "## [Unreleased]"
    assert headings[1].startswith(f"## [{VERSION}] – ")


def test_the_command_line_says_the_release_without_any_setting():
    environment = {"PATH": "", "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        [sys.executable, "manage.py", "--version"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"Tracker {VERSION}, Django ")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health", "/healthz", "/v1/", "/admin/login/", "/nowhere"])
def test_no_stranger_learns_the_release(path):
    answer = Client().get(path)
    assert VERSION.encode() not in answer.content
    assert not [value for value in answer.headers.values() if VERSION in value]
