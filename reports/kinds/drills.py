"""Addresses of the lists behind figures, in the back office and in the API, each with the same filter."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse

from reports.kinds.contract import Drill

# These hold commas and are one value all the same.
ONE_VALUE = ("settled", "cell")
Words = Mapping[str, str | int]


def drill_into(model: str, path: str, *, admin: Words, api: Words) -> Drill | None:
    """Where a list is narrowed so. None where the API's lists cannot say a value: they part values at commas."""
    if any("," in str(value) for name, value in api.items() if name not in ONE_VALUE):
        return None
    page = reverse(f"admin:incidents_{model}_changelist")
    return Drill(f"{page}?{urlencode(admin)}", f"{path}?{urlencode(api)}" if api else path)


def lead_to(drill: Drill | None) -> str:
    """The address that a mark in a chart leads to; empty where there is no list."""
    return drill.admin if drill else ""
