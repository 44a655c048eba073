"""The SLA file is taken whole, or refused with every fault, its place and what is allowed there."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from json import dumps
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.sla.calendars import CalendarSpec
from incidents.sla.config import SLADocument, SpecErrors, default_document, parse_sla_document
from incidents.sla.documents import RuleSpec
from incidents.sla.policies import Step

WHOLE = """
tiers:
  gold:
    calendar: office
    high: {response: 30, resolution: 180, calendar: always}
    low: {resolution: 360, pause_when_waiting: false}
  1:
    on: none
fallback: {response: 480, resolution: 1440}
calendars:
  office:
    timezone: Europe/Oslo
    hours: {mon: [[09:00, 12:00], [13:00, 17:00]], fri: [["09:00", "24:00"]]}
    holidays: {country: NO, extra: [2026-12-24]}
  unused: {}
thresholds:
  - {percent: 85}
  - {percent: 99.5, state: breach, level: 3, channels: [On call, slack]}
repeat: {every_percent: 50, up_to: 200}
applies_to: rebase
effective_at: 2026-12-01T00:00:00+01:00
"""


def faults(text: str | bytes) -> dict[str, str]:
    with pytest.raises(SpecErrors) as refused:
        parse_sla_document(text)
    return {error.path: error.message for error in refused.value.errors}


def test_a_file_says_everything_a_policy_is_made_of() -> None:
    assert parse_sla_document(WHOLE) == SLADocument(
        rules=(
            RuleSpec("gold", "high", 30, 180, "always", True, 0),
            RuleSpec("gold", "low", None, 360, "office", False, 1),
            RuleSpec("1", "on", None, None, "always", True, 2),
            RuleSpec("*", "*", 480, 1440, "always", True, 3),
        ),
        calendars={
            "always": CalendarSpec("always"),
            "office": CalendarSpec(
                "office",
                "Europe/Oslo",
                {"mon": [("09:00", "12:00"), ("13:00", "17:00")], "fri": [("09:00", "24:00")]},
                "NO",
                extra_holidays=("2026-12-24",),
            ),
        },
        steps=(
            Step(85, "alert", 1),
            Step(99.5, "breach", 3, ("On call", "slack")),
            Step(149.5, "breach", 4, ("On call", "slack")),
            Step(199.5, "breach", 5, ("On call", "slack")),
        ),
        applies_to="rebase",
        effective_at=datetime(2026, 11, 30, 23, tzinfo=UTC),
    )


def test_the_shortest_file_is_the_old_one() -> None:
    document = parse_sla_document("tiers: {gold: {high: {response: 30, resolution: 180}}}")

    assert document.rules == (RuleSpec("gold", "high", 30, 180),)
    assert document.steps == (Step(85, "alert", 1), Step(100, "breach", 2))
    assert (document.applies_to, document.effective_at) == ("open", None)


def test_a_file_without_thresholds_takes_those_of_the_settings() -> None:
    document = parse_sla_document("fallback: {response: 30}", alert_percent=0.57 * 100, breach_percent=90)

    assert document.steps == (Step(57, "alert", 1), Step(90, "breach", 2))


def test_the_built_in_policy_has_the_promised_targets() -> None:
    targets = {(r.tier, r.priority): (r.response_minutes, r.resolution_minutes) for r in default_document().rules}

    assert targets["gold", "critical"] == (15, 90)
    assert targets["gold", "high"] == (30, 180)
    assert targets["gold", "medium"] == (60, 240)
    assert targets["gold", "low"] == (120, 360)
    assert targets["silver", "high"] == (60, 360)
    assert targets["bronze", "medium"] == (240, 960)
    assert targets["*", "*"] == targets["bronze", "low"] == (480, 1440)
    assert default_document().rules[-1].position == len(default_document().rules) - 1
    assert default_document(80, 80).steps == (Step(80, "breach", 2),)


def test_the_digest_is_that_of_what_is_said_not_of_how() -> None:
    once = parse_sla_document("tiers: {gold: {high: {response: 30, resolution: 180}}}")
    again = parse_sla_document("# new\ntiers:\n  gold:\n    high:\n      resolution: 180\n      response: 30\n")
    other = parse_sla_document("tiers: {gold: {high: {response: 31, resolution: 180}}}")

    assert once.digest == again.digest != other.digest


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("", "", "must be a mapping"),
        ("- 1", "", "not a list"),
        ("{}", "tiers", "missing"),
        ("tiers: {}", "tiers", "at least one rule"),
        ("tiers: {gold: 3}", "tiers.gold", "must be a mapping"),
        ("tiers: {gold: {high: }}", "tiers.gold.high", "resolution, response"),
        ("tiers: {gold: {high: {}}}", "tiers.gold.high", "give response or resolution"),
        ("tiers: {gold: {high: {response: 0}}}", "tiers.gold.high.response", "from 1 to"),
        ("tiers: {gold: {high: {response: 1.5}}}", "tiers.gold.high.response", "whole number of minutes"),
        ("tiers: {gold: {high: {response: true}}}", "tiers.gold.high.response", "not True"),
        ("tiers: {gold: {high: {response: 1:30}}}", "tiers.gold.high.response", "not '1:30'"),
        ("tiers: {gold: {high: {response: 99999999999999999999999}}}", "tiers.gold.high.response", "whole number"),
        ("tiers: {gold: {high: {response: 30, calender: x}}}", "tiers.gold.high.calender", "unknown key; known"),
        ("tiers: {gold: {high: {response: 30, calendar: x}}}", "tiers.gold.high.calendar", "must be one of always"),
        ("tiers: {gold: {pause_when_waiting: no}}", "tiers.gold.pause_when_waiting", "true or false, not 'no'"),
        ("tiers: {gold: {a: none}, GOLD: {A: none}}", "tiers.GOLD.A", "never reached: the rule gold × a"),
        ("tiers: {'*': {'*': none}}\nfallback: none", "fallback", "never reached"),
        (f"tiers: {{{'x' * 41}: {{a: none}}}}", f"tiers.{'x' * 41}.a", "1 to 40 characters"),
        ("fallback: none\ntier: {}", "tier", "unknown key"),
        ("fallback: none\ncalendars: {always: {}}", "calendars.always", "built in"),
        ("fallback: none\ncalendars: {a: {hours: {}}}", "calendars.a.hours", "no hours at all"),
        ("fallback: none\ncalendars: {a: {hours: {mon: 9-5}}}", "calendars.a.hours.mon", "must be a list"),
        ("fallback: none\ncalendars: {a: {hours: {mon: [[17:00, 9:00]]}}}", "calendars.a.hours.mon[0]", "HH:MM"),
        ("fallback: none\ncalendars: {a: {hours: {mon: [[22:00, 06:00]]}}}", "calendars.a.hours.mon[0]", "midnight"),
        ("fallback: none\ncalendars: {a: {hours: {mo: []}}}", "calendars.a.hours.mo", "unknown key"),
        ("fallback: none\ncalendars: {a: {timezone: Berlin}}", "calendars.a.timezone", "Europe/Berlin"),
        ("fallback: none\ncalendars: {a: {holidays: {country: DEU}}}", "calendars.a.holidays.country", "1 to 2"),
        ("fallback: none\ncalendars: {a: {holidays: {extra: [x]}}}", "calendars.a.holidays.extra[0]", "YYYY-MM-DD"),
        ("fallback: none\nthresholds: []", "thresholds", "1 to 50 steps"),
        ("fallback: none\nthresholds: [85]", "thresholds[0]", "must be a mapping"),
        ("fallback: none\nthresholds: [{percent: 0}]", "thresholds[0].percent", "above 0"),
        ("fallback: none\nthresholds: [{percent: 1.234}]", "thresholds[0].percent", "two decimals"),
        ("fallback: none\nthresholds: [{percent: .inf}]", "thresholds[0].percent", "number"),
        ("fallback: none\nthresholds: [{percent: 9}, {percent: 9}]", "thresholds[1].percent", "above the 9"),
        (
            "fallback: none\nthresholds: [{percent: 9, level: 2}, {percent: 10, level: 1}]",
            "thresholds[1].level",
            "below",
        ),
        ("fallback: none\nthresholds: [{percent: 9, state: bad}]", "thresholds[0].state", "alert, breach"),
        (
            "fallback: none\nthresholds: [{percent: 9, state: breach}, {percent: 10, state: alert}]",
            "thresholds[1].state",
            "must be breach",
        ),
        ("fallback: none\nthresholds: [{percent: 9, channels: slack}]", "thresholds[0].channels", "list of channel"),
        ("fallback: none\nrepeat: {every_percent: 1, up_to: 10000}", "repeat", "must make 1 to 48"),
        ("fallback: none\nrepeat: {every_percent: 50, up_to: 120}", "repeat", "makes 0 steps"),
        ("fallback: none\nrepeat: {every_percent: 50}", "repeat.up_to", "not nothing"),
        ("fallback: none\napplies_to: all", "applies_to", "open, new, rebase"),
        ("fallback: none\neffective_at: 2026-12-01", "effective_at", "with its zone"),
        ("fallback: none\neffective_at: 0001-01-01T00:00:00+14:00", "effective_at", "with its zone"),
        ("fallback: none\neffective_at: 12", "effective_at", "with its zone"),
        ("tiers: [", "line 1, column 9", "not readable as YAML"),
        ("tiers: {}\ntiers: {}", "line 2, column 1", "'tiers' is given twice"),
        ("a: &a [x]\nb: *a", "line 1, column 4", "anchors and aliases"),
        ("tiers: {*: {}}", "line 1, column 10", "while scanning an alias"),
        ("a: !!python/object/apply:os.system [id]", "line 1, column 4", "tags are not allowed"),
        ("a: !!timestamp x", "line 1, column 4", "tags are not allowed"),
        ("? [a]\n: b", "line 1, column 3", "keys must be plain text"),
        ("a: 1\n---\nb: 1", "line 2, column 1", "another document"),
        ("\x00", "", "special characters"),
        (b"\xff\xfe\xfd", "", "UTF-8"),
        ("x" * (256 * 1024 + 1), "", "at most 256 KiB"),
        ("[" * 100_000, "line 1, column 13", "at most 12 levels"),
        ("{a: " * 50_000, "line 1, column 46", "at most 12 levels"),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_is_allowed(text: str | bytes, path: str, words: str) -> None:
    found = faults(text)

    assert path in found
    assert words in found[path]


def test_all_faults_are_told_at_once() -> None:
    text = "tiers: {gold: {high: {response: -1, resolution: x}}}\napplies_to: some\ncolour: red"

    assert set(faults(text)) == {"tiers.gold.high.response", "tiers.gold.high.resolution", "applies_to", "colour"}


def test_nobody_reads_more_than_fifty_faults() -> None:
    many = "\n".join(f"  t{n}: {{high: {{response: 0}}}}" for n in range(500))

    assert len(faults(f"tiers:\n{many}")) == 50


@pytest.mark.parametrize("text", ["[" + "1," * 120_000, "a: [" + "{b: 1}," * 30_000, "- " * 120_000, "? " * 120_000])
def test_a_file_made_to_waste_time_is_refused_soon(text: str) -> None:
    start = perf_counter()
    faults(text)

    assert timedelta(seconds=perf_counter() - start) < timedelta(seconds=20)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_whatever_is_sent_it_is_taken_or_refused(text: str | bytes) -> None:
    with suppress(SpecErrors):
        assert parse_sla_document(text).rules


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


@given(
    st.dictionaries(
        st.sampled_from(["tiers", "fallback", "calendars", "calendar", "thresholds", "repeat", "effective_at"]), _values
    )
)
def test_values_of_any_shape_are_taken_or_refused(value: dict[str, object]) -> None:
    with suppress(SpecErrors):
        assert parse_sla_document(dumps(value)).rules  # JSON is YAML
