"""What Grafana sends: contact points of unified alerting, which speak like Alertmanager, and the legacy channel."""

from collections.abc import Mapping
from typing import Any

from incidents.intake.hooks import markdown
from incidents.intake.hooks.alertmanager import read_alertmanager
from incidents.intake.hooks.signals import (
    MAX_TEXT_CHARACTERS,
    Reading,
    Signal,
    Unknown,
    make_fingerprint,
    make_labels,
    make_title,
    take_list,
    take_map,
    take_number,
    take_text,
    take_url,
)

FIRING = {"alerting", "no_data"}
ENDED = {"ok", "paused"}
QUIET = {"pending", "unknown"}
MAX_MATCHES = 50


def read_grafana(document: Any, headers: Mapping[str, str]) -> Reading | Unknown:
    """A signal for each alert of a contact point's call; one for a call of the legacy channel."""
    if not isinstance(document, dict):
        return Unknown("A Grafana call is an object.")
    if "alerts" in document:
        return read_alertmanager(document, headers)
    state = take_text(document, "state").lower()
    if state in QUIET:
        return Reading((), f"The rule's state is {state}: nothing to do.")
    if state not in FIRING | ENDED or not (take_text(document, "ruleName") or take_text(document, "title")):
        return Unknown("It has neither a list of alerts nor the name and state of a rule.")
    return Reading((_read_legacy(document, state),))


def _read_legacy(document: dict[str, Any], state: str) -> Signal:
    name, url = take_text(document, "ruleName"), take_url(document, "ruleUrl")
    tags = make_labels(take_map(document, "tags"))
    # A test from Grafana's form has the rule 0.
    number = take_number(document, "ruleId")
    given = f"rule-{take_number(document, 'orgId')}-{number}" if number else ""
    own = {"alertname": name, "state": state, "rule_id": str(number) if number else ""}
    return Signal(
        fingerprint=make_fingerprint(given, [name, tags]),
        is_firing=state in FIRING,
        title=make_title(name, take_text(document, "title")),
        text=_describe(document, tags, url),
        severity_hint=tags.get("severity", ""),
        labels=make_labels(tags, {key: value for key, value in own.items() if value}),
        url=url,
    )


def _describe(document: dict[str, Any], tags: Mapping[str, str], url: str) -> str:
    matches = {}
    for match in take_list(document, "evalMatches")[:MAX_MATCHES]:
        if metric := take_text(match, "metric", longest=200):
            matches[metric] = take_text(match, "value", longest=100)
    return markdown.join(
        [
            markdown.escape(take_text(document, "message", longest=10_000)),
            markdown.tabulate(matches),
            markdown.tabulate(tags),
            markdown.link("Rule", url),
        ],
        longest=MAX_TEXT_CHARACTERS,
    )
