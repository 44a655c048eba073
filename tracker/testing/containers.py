"""What Dockerfile and docker-compose.yml say, read without an engine, so that tests run the very commands."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tracker.testing.services import CHECKOUT

BLANK = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<how>[-?])(?P<word>[^}]*))?\})")


class MissingVariable(KeyError):
    """A variable without which Compose refuses to start."""


@dataclass(frozen=True, slots=True)
class Image:
    """What the last stage of the Dockerfile sets."""

    environment: Mapping[str, str]
    command: list[str]
    health_check: list[str]
    user: str
    build_environment: Mapping[str, str]

    @classmethod
    def read(cls) -> "Image":
        """Reads the checkout's Dockerfile."""
        text = re.sub(r"\\\n(\s*#.*\n)*", " ", (CHECKOUT / "Dockerfile").read_text(encoding="utf-8"))
        stage = [line.strip() for line in text.split("\nFROM ")[-1].splitlines()]
        variables = " ".join(line.removeprefix("ENV ") for line in stage if line.startswith("ENV "))
        collect = next(line for line in stage if line.startswith("RUN ") and "collectstatic" in line)
        return cls(
            environment=dict(pair.split("=", 1) for pair in variables.split()),
            command=json.loads(_last(stage, "CMD ")),
            health_check=json.loads(_last(stage, "HEALTHCHECK ").split("CMD ", 1)[1]),
            user=_last(stage, "USER "),
            build_environment=dict(
                pair.split("=", 1) for pair in collect.partition("python")[0].removeprefix("RUN ").split()
            ),
        )


def read_composition(variables: Mapping[str, str]) -> dict[str, Any]:
    """docker-compose.yml with its blanks filled as Compose does, from `variables` alone.

    Raises:
        MissingVariable: one that must be set is not.
    """
    written = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))
    filled: dict[str, Any] = _fill(written, variables)
    return filled


def read_example() -> dict[str, str]:
    """The variables of .env.example."""
    found: dict[str, str] = {}
    for line in (CHECKOUT / ".env.example").read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and re.fullmatch(r"[A-Z_0-9]+", name):
            found[name] = _fill_text(value, found)
    return found


def health_check_of(service: Mapping[str, Any], image: Image) -> list[str]:
    """The command of a service's health check; the image's where it names none, empty where it has none."""
    check = service.get("healthcheck")
    if check is None:
        return image.health_check if "build" in service else []
    return [] if check.get("disable") else [str(word) for word in check["test"][1:]]


def _fill(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _fill(value, variables) for name, value in node.items()}
    if isinstance(node, list):
        return [_fill(item, variables) for item in node]
    return _fill_text(node, variables) if isinstance(node, str) else node


def _fill_text(text: str, variables: Mapping[str, str]) -> str:
    def fill(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        value = variables.get(found["name"], "")
        if value:
            return value
        if found["how"] == "?":
            raise MissingVariable(found["name"])
        return found["word"] or ""

    return BLANK.sub(fill, text)


def _last(lines: list[str], instruction: str) -> str:
    return [line.removeprefix(instruction) for line in lines if line.startswith(instruction)][-1]
