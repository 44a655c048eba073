"""What PostgreSQL means to do."""

from typing import Any

import orjson
from django.db import connection


def plan_of(statement: str, parameters: Any = None) -> list[dict[str, Any]]:
    """All nodes of a statement's plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plan = cursor.fetchone()[0]
    waiting = [(orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    nodes = []
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting += node.get("Plans", [])
    return nodes
