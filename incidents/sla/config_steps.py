"""The steps of an SLA file: `thresholds`, and `repeat` for what goes on after the last of them."""

from itertools import pairwise
from typing import Any, Final, cast

from incidents.sla.policies import Step, StepState
from incidents.sla.spec_reader import SpecReader

MAX_STEPS: Final = 50
MAX_PERCENT: Final = 10_000
MAX_LEVEL: Final = 100
CHANNEL_NAME_LENGTH: Final = 60


def read_steps(reader: SpecReader, value: Any) -> tuple[Step, ...]:
    """The steps under `thresholds`: ascending, and never milder than the one before."""
    given = reader.sequence(value, "thresholds", "{percent: 85, state: alert, level: 1, channels: [name]}")
    if not 1 <= len(given) <= MAX_STEPS:
        reader.refuse("thresholds", f"must hold 1 to {MAX_STEPS} steps")
        return ()
    steps: list[Step] = []
    for index, step in enumerate(given):
        steps.append(_read_step(reader, f"thresholds[{index}]", step, index + 1))
    for index, (before, step) in enumerate(pairwise(steps), 1):
        path = f"thresholds[{index}]"
        if step.percent <= before.percent:
            reader.refuse(f"{path}.percent", f"must be above the {before.percent:g} of the step before it")
        if (before.state, step.state) == ("breach", "alert"):
            reader.refuse(f"{path}.state", "must be breach: the step before it is one")
        if step.level < before.level:
            reader.refuse(f"{path}.level", f"must not be below the level {before.level} of the step before it")
    return tuple(steps)


def _read_step(reader: SpecReader, path: str, value: Any, level: int) -> Step:
    given = reader.mapping(value, path, {"percent", "state", "level", "channels"})
    percent = _read_percent(reader, given.get("percent"), f"{path}.percent")
    state = "breach" if percent >= 100 else "alert"
    channels = reader.sequence(given.get("channels", ()), f"{path}.channels", "channel names")
    return Step(
        percent=percent,
        state=cast(StepState, reader.choice(given.get("state", state), f"{path}.state", ("alert", "breach"))),
        level=reader.whole(given.get("level", level), f"{path}.level", 1, MAX_LEVEL),
        channels=tuple(
            reader.text(name, f"{path}.channels[{index}]", CHANNEL_NAME_LENGTH) for index, name in enumerate(channels)
        ),
    )


def _read_percent(reader: SpecReader, value: Any, path: str) -> int | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= MAX_PERCENT or round(value, 2) != value:
        reader.refuse(path, f"must be a number above 0 up to {MAX_PERCENT}, with at most two decimals, such as 85")
        return MAX_PERCENT
    return int(value) if value == int(value) else float(value)


def read_repeat(reader: SpecReader, value: Any, before: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps that follow the last one at even distances, one level higher each, to the same channels."""
    given = reader.mapping(value, "repeat", {"every_percent", "up_to"})
    every = reader.whole(given.get("every_percent"), "repeat.every_percent", 1, MAX_PERCENT)
    up_to = reader.whole(given.get("up_to"), "repeat.up_to", 1, MAX_PERCENT)
    if reader.errors:
        return ()
    last, room = before[-1], MAX_STEPS - len(before)
    count = int((up_to - last.percent) // every)
    if not 1 <= count <= room:
        reader.refuse("repeat", f"makes {max(count, 0)} steps after {last.percent:g} %; must make 1 to {room}")
        return ()
    return tuple(
        Step(last.percent + every * n, last.state, min(last.level + n, MAX_LEVEL), last.channels)
        for n in range(1, count + 1)
    )
