"""Rows for tests of what is shown: plain ORM rows, no service behind them."""

import itertools
from typing import Any

from reports.choices import ReportState
from reports.models import Report
from reports.services.digests import hash_content
from tracker import clock
from tracker.models import User
from tracker.testing.factories import make_user

_numbers = itertools.count(1)


def make_report(owner: User | None = None, **fields: Any) -> Report:
    """A finished report of the kind `tiny`; give `kind`, `parameters` and `result` for another one."""
    now = clock.now()
    owner = owner or make_user()
    values: dict[str, Any] = {
        "kind": "tiny",
        "parameters": {"size": 2, "word": "line"},
        "result": {"size": 2, "events": 0},
        "digest": f"{next(_numbers):064d}",
        "owner": owner,
        "owner_label": owner.email,
        "owner_role": owner.role,
        "state": ReportState.READY,
        "as_of": now,
        "created_at": now,
        "policy_versions": [],
    }
    values |= fields
    if values["state"] == ReportState.READY:
        names = ("kind", "parameters", "as_of", "result", "policy_versions")
        values.setdefault("content_hash", hash_content(**{name: values[name] for name in names}))
        values |= {"started_at": now, "finished_at": now, "attempts": 1}
    else:
        values["result"] = None
        if values["state"] not in (ReportState.PENDING, ReportState.RUNNING):
            values.setdefault("finished_at", now)
    return Report.objects.create(**values)
