"""An optional provider of the operator's own choice, asked by HTTP GET (ENRICHMENT_URL); off without one.

What fills the address's blanks is percent-encoded to the last character, so that no value can lead elsewhere than the
template does, and addresses that are nobody's in particular never leave the house. An answer counts only if it is a
JSON object with a 2xx status that does not itself report a failure: an error must never pass for an answer.
"""

import math
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
from django.conf import settings

from incidents.channels.base import RETRIABLE_STATUSES, read_retry_after
from incidents.enrichment.base import Answer, LookUpFailed, NothingToLookUp, RemoteProvider, Subject
from incidents.enrichment.geoip import public_address
from tracker.addresses import OutgoingRefused
from tracker.env import URL_BLANK
from tracker.outgoing import MAX_RESPONSE_BYTES, OutgoingClient, OutgoingFailed, OutgoingResponse
from tracker.texts import is_storable

MAX_DEPTH = 6
MAX_PARTS = 500
MAX_TEXT_CHARACTERS = 2_000
FAILURE_WORDS = frozenset({"error", "fail", "failed", "failure"})


def url_of(subject: Subject) -> str:
    """The address to ask for this incident.

    Raises:
        NothingToLookUp: the provider is off, or what its address asks for is not known.
    """
    template: str = settings.ENRICHMENT_URL
    if not template:
        raise NothingToLookUp("the provider is switched off")
    names = set(URL_BLANK.findall(template))
    values = {"id": str(subject.id)}
    if "ip" in names:
        values["ip"] = str(public_address(subject.ip))
    if names & {"latitude", "longitude"}:
        if subject.coordinates is None:
            raise NothingToLookUp("no coordinates are known")
        values["latitude"], values["longitude"] = (f"{value:.6f}" for value in subject.coordinates)
    return URL_BLANK.sub(lambda match: quote(values[match[1]], safe=""), template)


async def ask(url: str, client: OutgoingClient) -> Answer:
    """The provider's answer.

    Raises:
        LookUpFailed: there is none, or it reports a failure.
    """
    headers = {"Accept": "application/json"}
    if settings.ENRICHMENT_TOKEN:
        headers["Authorization"] = f"Bearer {settings.ENRICHMENT_TOKEN}"
    try:
        response = await client.send_request(
            "GET", url, headers=headers, body=b"", deadline_seconds=settings.ENRICHMENT_TIMEOUT_SECONDS
        )
    except OutgoingRefused as error:
        raise LookUpFailed(f"refused: {error}", is_permanent=True) from None
    except OutgoingFailed as error:
        raise LookUpFailed(str(error)) from None
    return read_answer(response, now=datetime.now(UTC))


def read_answer(response: OutgoingResponse, *, now: datetime) -> Answer:
    """The JSON object of a response.

    Raises:
        LookUpFailed: the status is no 2xx, or the body is no such object, or one that reports a failure.
    """
    status = response.status
    if not 200 <= status < 300:
        is_passing = status >= 500 or status in RETRIABLE_STATUSES
        after_seconds = read_retry_after(response.headers.get("retry-after", ""), now=now) if is_passing else None
        raise LookUpFailed(f"the provider answered {status}", is_permanent=not is_passing, after_seconds=after_seconds)
    if len(response.body) >= MAX_RESPONSE_BYTES:
        raise LookUpFailed(f"the answer is longer than {MAX_RESPONSE_BYTES // 1024} KiB", is_permanent=True)
    try:
        document = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        raise LookUpFailed("the answer is not JSON") from None
    if not isinstance(document, dict):
        raise LookUpFailed("the answer is not a JSON object", is_permanent=True)
    if complaint := find_complaint(document):
        raise LookUpFailed(f"the provider reports a failure: {complaint}")
    if not document:
        raise LookUpFailed("the answer is empty", is_permanent=True)
    _check_storable(document)
    return document


def find_complaint(document: dict[str, Any]) -> str:
    """What an object says of a failure; empty where it reports none.

    Providers report one as `{"error": …}`, `{"success": false}` or `{"status": "fail"}`, all with status 200.
    """
    error, state = document.get("error"), document.get("status")
    has_failed = bool(error) or bool(document.get("errors")) or document.get("success") is False
    if not has_failed and not (isinstance(state, str) and state.lower() in FAILURE_WORDS):
        return ""
    candidates = [document.get("reason"), document.get("message"), error]
    if isinstance(error, dict):
        candidates += [error.get("message"), error.get("info"), error.get("type")]
    words = next((text for text in candidates if isinstance(text, str) and text.strip()), "it does not say which")
    return re.sub(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]+", " ", words).strip()[:200]


def _check_storable(document: Any) -> None:
    """Refuses what the database could not hold or nobody could read."""
    waiting, parts = [(document, 1)], 0
    while waiting:
        value, depth = waiting.pop()
        parts += 1
        if parts > MAX_PARTS or depth > MAX_DEPTH:
            raise LookUpFailed("the answer has too many parts", is_permanent=True)
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif not _is_plain(value):
            raise LookUpFailed("the answer holds what cannot be kept", is_permanent=True)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT_CHARACTERS and is_storable(value)
    return not isinstance(value, float) or math.isfinite(value)


HTTP = RemoteProvider("http", "Outside provider", url_of, ask)
