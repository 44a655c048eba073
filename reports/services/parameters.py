"""Parameters of reports, checked by the kind's own serializer and kept as it represents them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reports.kinds.contract import Kind
from reports.services.digests import spell_json
from tracker.access import Actor
from tracker.exceptions import FieldError, InvalidInput
from tracker.texts import UNSTORABLE, is_storable

MAX_PARAMETERS = 50
MAX_CHARACTERS = 8_000


def check_parameters(*, actor: Actor, kind: Kind, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they are kept: plain JSON values, defaults filled in. The serializer's context has the actor.

    Raises:
        InvalidInput: names each parameter that is wrong or that the kind does not take.
    """
    serializer = kind.parameters(data=dict(parameters), context={"actor": actor})
    unknown = [name for name in parameters if name not in serializer.fields]
    if unknown:
        known = ", ".join(serializer.fields) or "none"
        faults = [FieldError(f"parameters.{name[:60]}", f"Unknown. There are: {known}.") for name in unknown]
        raise InvalidInput("The report does not take these parameters.", details=faults[:MAX_PARAMETERS])
    if not serializer.is_valid():
        faults = [FieldError(f"parameters.{name}", text) for name, text in _walk(serializer.errors)]
        raise InvalidInput("The report's parameters are not right.", details=faults)
    text = spell_json(json.loads(json.dumps(dict(serializer.data), default=str)))
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput.of_field("parameters", f"Up to {MAX_CHARACTERS} characters of JSON.")
    if not is_storable(text) or "\\u0000" in text:
        raise InvalidInput.of_field("parameters", UNSTORABLE)
    values: dict[str, Any] = json.loads(text)
    return values


def _walk(errors: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each message of a serializer's errors, however they are nested, with the path of its field."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from _walk(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(errors, list):
        for inner in errors:
            yield from _walk(inner, path)
    else:
        yield path, str(errors)
