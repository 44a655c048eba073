"""The promises of an SLA file: `tiers` and `fallback`, in the order in which they are written."""

from collections.abc import Mapping
from typing import Any, Final

from incidents.sla.calendars import CalendarSpec
from incidents.sla.documents import ALWAYS, RuleSpec
from incidents.sla.policies import ANY
from incidents.sla.spec_reader import SpecReader

SETTING_KEYS: Final = frozenset({"calendar", "pause_when_waiting"})
RULE_KEYS: Final = frozenset({"response", "resolution"}) | SETTING_KEYS
NO_SLA: Final = "none"
MAX_MINUTES: Final = 10 * 366 * 24 * 60
MAX_RULES: Final = 1_000
NAME_LENGTH: Final = 40


class RuleReader:
    """Reads `tiers` and `fallback` into rules, in the order of the file."""

    def __init__(self, reader: SpecReader, calendars: Mapping[str, CalendarSpec]) -> None:
        self.reader = reader
        self.calendars = calendars
        self.rules: list[RuleSpec] = []

    def read(self, top: Mapping[str, Any]) -> tuple[RuleSpec, ...]:
        """All rules; settings of a tier go before those of the file, those of a rule before both."""
        settings = self._settings(top, "", (ALWAYS, True))
        for tier, priorities in self.reader.mapping(top.get("tiers", {}), "tiers").items():
            path = f"tiers.{tier}"
            given = self.reader.mapping(priorities, path)
            of_tier = self._settings(given, path, settings)
            for priority, promise in given.items():
                if priority not in SETTING_KEYS:
                    self._read_rule(tier, priority, promise, f"{path}.{priority}", of_tier)
        if "fallback" in top:
            self._read_rule(ANY, ANY, top["fallback"], "fallback", settings)
        if not self.rules and not self.reader.errors:
            self.reader.refuse("tiers", "promises nothing to anybody; give at least one rule, or a fallback")
        return tuple(self.rules)

    def _settings(self, given: Mapping[str, Any], path: str, before: tuple[str, bool]) -> tuple[str, bool]:
        calendar, pauses = before
        prefix = f"{path}." if path else ""
        if "calendar" in given:
            calendar = self.reader.choice(given["calendar"], f"{prefix}calendar", tuple(self.calendars))
        if "pause_when_waiting" in given:
            pauses = self.reader.flag(given["pause_when_waiting"], f"{prefix}pause_when_waiting")
        return calendar, pauses

    def _read_rule(self, tier: str, priority: str, value: Any, path: str, before: tuple[str, bool]) -> None:
        if len(self.rules) == MAX_RULES:
            self.reader.refuse(path, f"at most {MAX_RULES} rules")
            return
        given = {} if value == NO_SLA else self.reader.mapping(value, path, RULE_KEYS)
        if value != NO_SLA and isinstance(value, Mapping) and not {"response", "resolution"} & given.keys():
            self.reader.refuse(path, f"give response or resolution (minutes) or both, or the word {NO_SLA} for no SLA")
        calendar, pauses = self._settings(given, path, before)
        rule = RuleSpec(
            tier=self.reader.text(tier, path, NAME_LENGTH),
            priority=self.reader.text(priority, path, NAME_LENGTH),
            response_minutes=self._minutes(given, "response", path),
            resolution_minutes=self._minutes(given, "resolution", path),
            calendar=calendar,
            pauses_when_waiting=pauses,
            position=len(self.rules),
        )
        for other in self.rules:
            if _covers(other, rule):
                self.reader.refuse(
                    path, f"is never reached: the rule {other.tier} × {other.priority} before it matches"
                )
                break
        self.rules.append(rule)

    def _minutes(self, given: Mapping[str, Any], kind: str, path: str) -> int | None:
        value = given.get(kind)
        return None if value is None else self.reader.whole(value, f"{path}.{kind}", 1, MAX_MINUTES, "minutes")


def _covers(rule: RuleSpec, other: RuleSpec) -> bool:
    return rule.tier.casefold() in (ANY, other.tier.casefold()) and rule.priority.casefold() in (
        ANY,
        other.priority.casefold(),
    )
