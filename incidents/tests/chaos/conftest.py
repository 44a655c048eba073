"""One installation for all rows, a fresh database and fresh processes for each; every seed is printed."""

import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from incidents.testing.chaos.expectations import Channel
from incidents.testing.chaos.recorder import Recorder
from incidents.testing.chaos.world import CHANNELS, World
from tracker.testing.chaos.installation import Installation


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    # Whoever ends a run early, as `timeout` does, must not leave its servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Every three seconds instead of every minute, so that a row takes seconds.
    with Installation(SCHEDULER_INTERVAL_MINUTES="0.05", LOG_LEVEL="WARNING") as made:
        yield made


@pytest.fixture(scope="session")
def recorder() -> Iterator[Recorder]:
    with Recorder() as made:
        yield made


@pytest.fixture
def make_world(installation: Installation, recorder: Recorder, capsys) -> Iterator[Callable[..., World]]:
    """`make_world()` answers a World; CHAOS_SEED=N replays an earlier run."""
    made: list[World] = []

    def make(channels: Sequence[Channel] = CHANNELS) -> World:
        seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
        made.append(World(installation, recorder, seed=seed, channels=channels))
        with capsys.disabled():
            print(f"\nCHAOS_SEED={seed}")
        return made[-1]

    yield make
    installation.kill_all()
    for world in made:
        with capsys.disabled():
            print(f"\n{world.describe()}")
