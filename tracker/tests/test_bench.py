"""The bench takes turns, tells ratios, and keeps away from production."""

import os
import subprocess
import sys

from django.conf import settings

from tracker.testing.bench import alternate, at_least, at_most
from tracker.testing.bench.registry import load_workloads
from tracker.testing.bench.report import describe_finding


def test_sides_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    seconds = iter([1.0, 10.0, 50.0, 2.0, 3.0, 30.0])

    def side(name: str) -> float:
        order.append(name)
        return next(seconds)

    medians = alternate({"ours": lambda: side("ours"), "raw": lambda: side("raw")}, 3)

    assert order == ["ours", "raw", "raw", "ours", "ours", "raw"]
    assert medians == {"ours": 2.0, "raw": 30.0}


def test_a_goal_is_a_floor_or_a_ceiling() -> None:
    assert at_least("a", 0.8, 0.75).is_reached
    assert not at_least("a", 0.7, 0.75).is_reached
    assert at_most("a", 1.3, 1.3).is_reached
    assert "MISS" in describe_finding(at_most("a", 1.4, 1.3))


def test_every_workload_is_found_by_its_file() -> None:
    assert {"P1", "P2", "P3", "P4", "P5", "P6", "P11", "P14"} <= load_workloads().keys()


def test_it_never_runs_in_production() -> None:
    environment = {
        **os.environ,
        "TRACKER_LOCAL": "0",
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "example.com",
    }
    answer = subprocess.run(
        [sys.executable, "manage.py", "bench"], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )

    assert answer.returncode == 1
    assert "never runs in production" in answer.stderr
