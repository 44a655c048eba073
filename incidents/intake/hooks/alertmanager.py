"""What Alertmanager sends: versions 4 and 3 of its webhook, and the forms before them."""

from collections.abc import Mapping
from typing import Any

from incidents.intake.hooks import markdown
from incidents.intake.hooks.signals import (
    MAX_SIGNALS,
    MAX_TEXT_CHARACTERS,
    Reading,
    Signal,
    Unknown,
    has_passed,
    make_fingerprint,
    make_labels,
    make_title,
    take_list,
    take_map,
    take_moment,
    take_text,
    take_url,
)
from tracker import clock

SEVERITY_LABELS = ("severity", "priority", "level")
TITLES = ("summary", "title", "message", "name")
TEXTS = ("description", "message", "summary")
ENDS = frozenset({"resolved", "ok", "inactive"})


def read_alertmanager(document: Any, headers: Mapping[str, str]) -> Reading | Unknown:
    """A signal for each alert of the group."""
    if not isinstance(document, dict):
        return Unknown("An Alertmanager call is an object with alerts.")
    alerts = take_list(document, "alerts") or take_list(document, "alert")
    if not alerts:
        return Unknown("It has no list of alerts.")
    signals = [read_alert(alert, document) for alert in alerts[:MAX_SIGNALS]]
    found = tuple(signal for signal in signals if signal is not None)
    if not found:
        return Unknown("None of its alerts has a label or a text.")
    return Reading(found, tell_left_out(document, len(alerts), len(found)))


def tell_left_out(document: Any, sent: int, read: int) -> str:
    """What of a call is not among its signals; empty for nothing."""
    notes = []
    if sent > read:
        notes.append(f"{sent - read} of {sent} alerts could not be read.")
    if cut := take_text(document, "truncatedAlerts", longest=20).lstrip("0"):
        notes.append(f"The sender left {cut} alerts out.")
    return " ".join(notes)


def read_alert(alert: Any, document: Mapping[str, Any]) -> Signal | None:
    """One alert; None where it says nothing at all."""
    given, notes = take_map(alert, "labels"), take_map(alert, "annotations")
    if not given and not notes and not take_text(alert, "fingerprint"):
        return None
    # The oldest form says what is wrong beside the labels.
    beside = {name: alert[name] for name in ("summary", "description") if name in alert}
    labels = make_labels(given, take_map(document, "commonLabels"))
    annotations = make_labels(notes, beside, take_map(document, "commonAnnotations"))
    url = take_url(alert, "generatorURL") or take_url(take_map(alert, "payload"), "generatorURL")
    return Signal(
        # A label named twice is one label for rules, but two alerts of a sender differ by all they are given.
        fingerprint=make_fingerprint(take_text(alert, "fingerprint"), given or notes),
        is_firing=_is_firing(alert, document),
        title=make_title(_find_title(labels, annotations)),
        text=describe(labels, annotations, take_map(alert), url),
        severity_hint=next((labels[name] for name in SEVERITY_LABELS if labels.get(name)), ""),
        labels=make_labels(
            labels,
            {"receiver": take_text(document, "receiver"), "status": take_text(alert, "status")},
            {f"annotation.{name}": value for name, value in annotations.items()},
        ),
        url=url,
        occurred_at=take_moment(alert, "startsAt") or take_moment(take_map(alert, "payload"), "activeSince"),
    )


def _is_firing(alert: Any, document: Mapping[str, Any]) -> bool:
    status = take_text(alert, "status") or take_text(document, "status")
    if status:
        return status.lower() not in ENDS
    return not has_passed(take_moment(alert, "endsAt"), clock.now())


def _find_title(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    name = labels.get("alertname", "")
    said = next((annotations[key] for key in TITLES if annotations.get(key)), "")
    where = labels.get("instance") or labels.get("host") or ""
    head = f"{name}: {said}" if name and said and name.casefold() not in said.casefold() else said or name
    return f"{head} ({where})" if where and where not in head else head


def describe(labels: Mapping[str, str], annotations: Mapping[str, str], alert: Mapping[str, Any], url: str) -> str:
    """An alert for people to read: what it says, its values and labels, and where to look."""
    said = dict.fromkeys(annotations[key] for key in TEXTS if annotations.get(key))
    others = {key: text for key, text in annotations.items() if key not in TEXTS}
    links = {"Source": url} | {
        words: take_url(alert, name)
        for words, name in (("Dashboard", "dashboardURL"), ("Panel", "panelURL"), ("Silence", "silenceURL"))
    }
    return markdown.join(
        [
            *(markdown.escape(text) for text in said),
            markdown.fence(values) if (values := take_text(alert, "valueString")) else "",
            markdown.tabulate(others),
            markdown.tabulate(labels),
            " · ".join(markdown.link(words, address) for words, address in links.items() if address),
        ],
        longest=MAX_TEXT_CHARACTERS,
    )
