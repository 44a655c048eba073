"""A stub receiver for tests of the outbox."""

from collections.abc import Iterator

import pytest

from incidents.testing.receiver import RunningReceiver


@pytest.fixture
def receiver() -> Iterator[RunningReceiver]:
    with RunningReceiver() as running:
        yield running
