"""What the services write into the log, read from their sources: a new kind of event must not be forgotten anywhere."""

import re
from pathlib import Path

from django.apps import apps

PACKAGES = ("tracker", "incidents", "reports")
FOLDERS = ("services", "intake")
VERB = re.compile(r'\bverb="([a-z_]+\.[a-z_]+)"(?: if [^"]* else "([a-z_]+\.[a-z_]+)")?')


def written_verbs() -> set[str]:
    """The verbs of every call of the log that spells them."""
    found: set[str] = set()
    for package in PACKAGES:
        for folder in FOLDERS:
            for path in Path(apps.get_app_config(package).path, folder).glob("*.py"):
                found.update(verb for pair in VERB.findall(path.read_text(encoding="utf-8")) for verb in pair if verb)
    return found
