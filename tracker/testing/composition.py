"""What docker-compose.yml and the settings say, for whatever else starts Tracker and must not say otherwise."""

import re
from functools import cache
from typing import Any

import yaml

from tracker.testing.services import CHECKOUT

READS = re.compile(r"""(?:env\.(?:read|require)\w*|environ(?:\.get)?)[\[(]\s*["']([A-Z][A-Z0-9_]+)["']""")
# Read by what hands out a port.
FOREIGN_NAMES = frozenset({"PORT", "KEEPALIVE_SECONDS", "DRAIN_SECONDS"})
SECRET_NAMES = re.compile(
    r"SECRET|PASSWORD|TOKEN|_KEY$|_DSN$|^(DATABASE\w*|REDIS|EMAIL|IMAP|HEARTBEAT|CELERY_BROKER)_URL$"
)


@cache
def composition() -> dict[str, Any]:
    """docker-compose.yml."""
    found: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
    return found


def commands() -> dict[str, list[str]]:
    """What each kind of process is started with; web by the image's own command."""
    web = re.search(r"^CMD (\[.*\])$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    assert web, "the Dockerfile names no command"
    services = composition()["services"]
    return {
        "web": services["web"].get("command") or yaml.safe_load(web[1]),
        **{kind: services[kind]["command"] for kind in ("worker", "beat", "migrate")},
    }


@cache
def known_names() -> frozenset[str]:
    """Every name that some part of Tracker reads from the environment, and those with `_FILE` behind them."""
    sources = [*CHECKOUT.glob("tracker/**/*.py"), CHECKOUT / "gunicorn.conf.py"]
    texts = [path.read_text() for path in sources if not {"tests", "testing"} & set(path.parts)]
    names = {name for text in texts for name in READS.findall(text)}
    return frozenset(names | {f"{name}_FILE" for name in names} | FOREIGN_NAMES)
