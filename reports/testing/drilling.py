"""Following figures to the lists behind them."""

from typing import Any

from reports.kinds.contract import Drill
from tracker.testing.factories import ApiClient


def count_behind(drill: Drill, *, page: ApiClient, api: ApiClient) -> tuple[int, int]:
    """How many rows the list of the back office has, and how many that of the API."""
    shown: Any = page.get(drill.admin)
    told = api.get(drill.api)
    if shown.status_code != 200 or told.status_code != 200:
        raise AssertionError(f"{drill.admin} answered {shown.status_code}, {drill.api} {told.status_code}")
    return len(shown.context_data["cl"].result_list), len(told.json()["results"])
