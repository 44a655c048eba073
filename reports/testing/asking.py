"""Asking a kind directly, without the job that runs it otherwise."""

import json
from datetime import datetime
from typing import Any

from reports.kinds.contract import Kind, Question, WithFile
from reports.services.digests import spell_json
from reports.services.parameters import check_parameters
from tracker.access import Actor

SYSTEM = Actor.system("test")


def ask_kind(kind: Kind, *, as_of: datetime, actor: Actor = SYSTEM, **parameters: Any) -> dict[str, Any]:
    """The result as it is kept; it is presented as well, for what cannot be shown is no result."""
    checked = check_parameters(actor=actor, kind=kind, parameters=parameters)
    answer = kind.compute(Question(actor, checked, as_of))
    result = answer.result if isinstance(answer, WithFile) else answer
    kept: dict[str, Any] = json.loads(spell_json(result))
    kind.present(kept, checked)
    return kept
