"""One spelling for what a report asks and says, so that it can be compared and vouched for."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def spell_json(value: Any) -> str:
    """`value` as canonical JSON: keys sorted, no blanks, no NaN.

    Raises:
        TypeError, ValueError: it is no plain JSON.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_question(
    *, kind: str, parameters: Mapping[str, Any], as_of: datetime | None, owner_role: str, project_id: int | None
) -> str:
    """What two reports have in common that would answer the same."""
    return _hash([kind, dict(parameters), _spell_moment(as_of), owner_role, project_id])


def hash_content(
    *,
    kind: str,
    parameters: Mapping[str, Any],
    as_of: datetime | None,
    result: Mapping[str, Any],
    policy_versions: Sequence[int],
) -> str:
    """What vouches for a finished report: anybody can compute it anew from what the API answers."""
    return _hash(
        {
            "kind": kind,
            "parameters": dict(parameters),
            "as_of": _spell_moment(as_of),
            "result": dict(result),
            "policy_versions": list(policy_versions),
        }
    )


def _spell_moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def _hash(value: Any) -> str:
    return hashlib.sha256(spell_json(value).encode("utf-8", "surrogatepass")).hexdigest()
