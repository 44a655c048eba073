"""Which reader reads which sender, and how the bytes of a call become a document."""

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from incidents.choices import HookKind
from incidents.intake.hooks.alertmanager import read_alertmanager
from incidents.intake.hooks.github import read_github
from incidents.intake.hooks.grafana import read_grafana
from incidents.intake.hooks.sentry import read_sentry
from incidents.intake.hooks.signals import Reading, Unknown
from tracker.exceptions import InvalidInput
from tracker.strict_json import parse_json

# Sentry's stack traces nest their variables.
MAX_DEPTH = 60
FORM = "application/x-www-form-urlencoded"
Reader = Callable[[Any, Mapping[str, str]], Reading | Unknown]
READERS: dict[str, Reader] = {
    HookKind.ALERTMANAGER: read_alertmanager,
    HookKind.GRAFANA: read_grafana,
    HookKind.SENTRY: read_sentry,
    HookKind.GITHUB: read_github,
}
logger = logging.getLogger(__name__)


def read_document(body: bytes, content_type: str) -> Any:
    """The document in a body: JSON, or the `payload` of a form, which is how GitHub sends it where told so.

    Raises:
        InvalidInput: it is neither; says what is wrong.
    """
    if content_type == FORM:
        body = _find_payload(body)
    return parse_json(body, max_depth=MAX_DEPTH, keeps_digits=True)


def read_call(kind: str, document: Any, headers: Mapping[str, str]) -> Reading | Unknown:
    """What a document means to the reader of this sender."""
    try:
        return READERS[kind](document, headers)
    except Exception:
        # A shape that no reader foresaw is kept and told of; the sender cannot mend it by trying again.
        logger.exception("A call of a hook could not be read.")
        return Unknown("It could not be read.")


def _find_payload(body: bytes) -> bytes:
    try:
        fields = dict(parse_qsl(body.decode("ascii"), max_num_fields=20, encoding="utf-8", errors="strict"))
    except (ValueError, UnicodeDecodeError):
        raise InvalidInput.of_field("payload", "The form cannot be read.") from None
    if "payload" not in fields:
        raise InvalidInput.of_field("payload", "The form has no payload.")
    return fields["payload"].encode("utf-8", "replace")
