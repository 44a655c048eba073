"""What a Sentry integration sends: issues and their ends, issue alerts, errors and metric alerts."""

import re
from collections.abc import Mapping
from typing import Any

from incidents.intake.hooks import markdown
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
    take_moment,
    take_number,
    take_text,
    take_url,
)

STARTS = {"created", "unresolved", "triggered", "reopened", "critical", "warning"}
# Whoever ignores or archives an issue there has decided that there is nothing to do.
ENDS = {"resolved", "ignored", "archived", "deleted"}
PROJECT = re.compile(r"/projects/[^/]+/([^/]{1,100})/")
METRIC = "description_title"
MAX_TAGS = 50
MAX_FRAMES = 8


def read_sentry(document: Any, headers: Mapping[str, str]) -> Reading | Unknown:
    """One signal; what an SDK sends to Sentry itself is none of this."""
    if not isinstance(document, dict) or not take_map(document, "data"):
        return Unknown("A call of a Sentry integration is an object with action and data.")
    data, action = take_map(document, "data"), take_text(document, "action").lower()
    resource = headers.get("sentry-hook-resource", "").lower()
    if data.get("installation") or resource == "installation":
        return Reading((), f"The integration was {action or 'changed'}: nothing to do.")
    name = next((name for name in READERS if take_map(data, name)), "metric_alert" if METRIC in data else "")
    if not name:
        return Unknown(f"Its data holds no issue, event, error or metric alert ({resource[:40] or 'no resource'}).")
    if action and action not in STARTS | ENDS:
        return Reading((), f"{name} {action[:40]}: nothing to do.")
    signal = READERS[name](data, action)
    return Reading((signal,)) if signal is not None else Unknown(f"Its {name} has neither id nor title.")


def _read_issue(data: dict[str, Any], action: str) -> Signal | None:
    issue = take_map(data, "issue")
    number, title = take_text(issue, "id", longest=100), take_text(issue, "title")
    if not number and not title:
        return None
    facts = {
        "short_id": take_text(issue, "shortId"),
        "project": take_text(take_map(issue, "project"), "slug"),
        "culprit": take_text(issue, "culprit"),
        "platform": take_text(issue, "platform"),
        "level": take_text(issue, "level"),
        "events": take_text(issue, "count"),
        "users": take_text(issue, "userCount"),
    }
    url = take_url(issue, "permalink") or take_url(issue, "web_url")
    # Without an action the issue's own status says how it stands.
    state = action or take_text(issue, "status").lower()
    return Signal(
        fingerprint=make_fingerprint(f"issue-{number}" if number else "", [title, facts["project"]]),
        is_firing=state not in ENDS,
        title=make_title(title, facts["culprit"]),
        text=_describe(facts, "", url),
        severity_hint=facts["level"],
        labels=_label(facts, "issue", action),
        url=url,
        occurred_at=take_moment(issue, "firstSeen"),
    )


def _read_event(data: dict[str, Any], action: str) -> Signal | None:
    name = "event" if take_map(data, "event") else "error"
    event = take_map(data, name)
    number = take_text(event, "issue_id", longest=100) or _last_part(take_url(event, "issue_url"))
    title = take_text(event, "title") or take_text(event, "message")
    if not number and not title and not take_text(event, "event_id"):
        return None
    facts = {
        "project": _project_of(event),
        "culprit": take_text(event, "culprit"),
        "platform": take_text(event, "platform"),
        "level": take_text(event, "level"),
        "environment": take_text(event, "environment"),
        "release": take_text(event, "release"),
        "rule": take_text(data, "triggered_rule"),
    }
    url = take_url(event, "web_url")
    return Signal(
        fingerprint=make_fingerprint(f"issue-{number}" if number else "", [title, facts["project"]]),
        is_firing=action not in ENDS,
        title=make_title(title, facts["culprit"], f"Event {take_text(event, 'event_id', longest=40)}"),
        text=_describe(facts, _trace(event), url),
        severity_hint=facts["level"],
        labels=make_labels(_label(facts, name, action), _tags_of(event)),
        url=url,
        occurred_at=take_moment(event, "datetime") or take_moment(event, "timestamp"),
    )


def _read_metric(data: dict[str, Any], action: str) -> Signal | None:
    alert = take_map(data, "metric_alert")
    rule = take_map(alert, "alert_rule")
    number = take_number(alert, "id")
    title = take_text(data, METRIC) or take_text(alert, "title") or take_text(rule, "name")
    if not number and not title:
        return None
    facts = {"rule": take_text(rule, "name"), "project": ", ".join(map(take_text, take_list(alert, "projects")[:10]))}
    url = take_url(data, "web_url")
    return Signal(
        fingerprint=make_fingerprint(f"metric-{number}" if number else "", title),
        is_firing=action not in ENDS,
        title=make_title(title),
        text=markdown.join(
            [markdown.escape(take_text(data, "description_text")), _describe(facts, "", url)],
            longest=MAX_TEXT_CHARACTERS,
        ),
        severity_hint=action,
        labels=_label(facts, "metric_alert", action),
        url=url,
        occurred_at=take_moment(alert, "date_started"),
    )


def _label(facts: Mapping[str, str], resource: str, action: str) -> dict[str, str]:
    return make_labels({key: value for key, value in facts.items() if value} | {"resource": resource, "action": action})


def _describe(facts: Mapping[str, str], trace: str, url: str) -> str:
    told = {key: value for key, value in facts.items() if value}
    return markdown.join(
        [markdown.fence(trace) if trace else "", markdown.tabulate(told), markdown.link("Open in Sentry", url)],
        longest=MAX_TEXT_CHARACTERS,
    )


def _trace(event: dict[str, Any]) -> str:
    """The last exception with the frames nearest to it, as Python shows them: the last one is where it happened."""
    exceptions = take_list(take_map(event, "exception"), "values")
    last = take_map(exceptions[-1]) if exceptions else {}
    lines = []
    for frame in take_list(take_map(last, "stacktrace"), "frames")[-MAX_FRAMES:]:
        place = take_text(frame, "filename", longest=300) or take_text(frame, "module", longest=300)
        line = take_text(frame, "context_line", longest=300)
        lines.append(f"{place}:{take_text(frame, 'lineno')} in {take_text(frame, 'function', longest=200)}")
        lines += [f"    {line}"] if line else []
    kind, value = take_text(last, "type", longest=300), take_text(last, "value")
    return "\n".join([*lines, f"{kind}: {value}"]) if kind or value else "\n".join(lines)


def _tags_of(event: dict[str, Any]) -> dict[str, str]:
    """Tags, which Sentry writes as pairs."""
    tags = {}
    for pair in take_list(event, "tags")[:MAX_TAGS]:
        if isinstance(pair, list) and len(pair) == 2 and (key := take_text(pair[0], longest=100)):
            tags[key] = take_text(pair[1], longest=500)
    return tags


def _project_of(event: dict[str, Any]) -> str:
    """The project's short name, which stands in an address only, or its number."""
    found = PROJECT.search(take_url(event, "url"))
    return found.group(1) if found else take_text(event, "project")


def _last_part(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2][:100]


READERS = {"issue": _read_issue, "event": _read_event, "error": _read_event, "metric_alert": _read_metric}
