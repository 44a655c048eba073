"""What starts Tracker and which settings it knows, for whatever else starts it and must not say otherwise."""

import re
from functools import cache
from typing import Any

from tracker.testing.containers import Image, read_composition, read_example
from tracker.testing.services import CHECKOUT

READS = re.compile(r"""(?:env\.(?:read|require)\w*|environ(?:\.get)?)[\[(]\s*["']([A-Z][A-Z0-9_]+)["']""")
# Read by what hands out a port.
FOREIGN_NAMES = frozenset({"PORT"})
SECRET_NAMES = re.compile(
    r"SECRET|PASSWORD|TOKEN|_KEY$|_DSN$|_HEADERS$|^(DATABASE\w*|REDIS|EMAIL|IMAP|HEARTBEAT|CELERY_BROKER)_URL$"
)


@cache
def services() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    found: dict[str, Any] = read_composition(read_example())["services"]
    return found


def commands() -> dict[str, list[str]]:
    """What each kind of process is started with; by the image's own command where none is named."""
    image = Image.read().command
    return {kind: services()[kind].get("command", image) for kind in ("web", "worker", "beat", "migrate")}


@cache
def known_names() -> frozenset[str]:
    """Every name that some part of Tracker reads from the environment, and those with `_FILE` behind them."""
    sources = [*CHECKOUT.glob("tracker/**/*.py"), CHECKOUT / "gunicorn.conf.py"]
    texts = [path.read_text() for path in sources if not {"tests", "testing"} & set(path.parts)]
    names = {name for text in texts for name in READS.findall(text)}
    return frozenset(names | {f"{name}_FILE" for name in names} | FOREIGN_NAMES)
