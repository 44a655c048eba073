"""What GitHub sends about issues. Its texts are Markdown already, and are rendered as ours are: without any HTML."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from incidents.intake.hooks.signals import (
    Reading,
    Signal,
    SourceComment,
    SourceNews,
    Unknown,
    make_labels,
    make_title,
    take_list,
    take_map,
    take_moment,
    take_number,
    take_text,
    take_url,
)
from tracker import clock

MAX_BODY_CHARACTERS = 65_536
MAX_NUMBER = 10_000_000
MAX_TAGS = 20
# owner/name, and nothing that could pass for another source's name.
REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,40}/[A-Za-z0-9._-]{1,59}\Z")
TOLD = {
    "opened", "edited", "closed", "reopened", "labeled", "unlabeled", "deleted", "transferred", "assigned",
    "unassigned", "milestoned", "demilestoned", "locked", "unlocked", "pinned", "unpinned", "typed", "untyped",
}  # fmt: skip
GONE = {"closed", "deleted", "transferred"}
SAID = {"created", "edited", "deleted"}


def read_github(document: Any, headers: Mapping[str, str]) -> Reading | Unknown:
    """A signal for what happened to an issue, or was said about it."""
    if not isinstance(document, dict):
        return Unknown("A GitHub call is an object.")
    event = headers.get("x-github-event", "").lower() or _guess_event(document)
    if event == "ping":
        return Reading((), "pong: the webhook works.")
    if event not in ("issues", "issue_comment"):
        return Unknown(f"GitHub's event {event[:60] or 'without a name'} is not taken; issues and issue_comment are.")
    issue, action = take_map(document, "issue"), take_text(document, "action").lower()
    if "pull_request" in issue:
        return Reading((), "About a pull request: nothing to do.")
    if action not in (TOLD if event == "issues" else SAID):
        return Unknown(f"{event} {action[:60] or 'without an action'} is no action that is known.")
    news = _read_news(document, issue, event, action)
    return Reading((_make_signal(news, document, event),)) if isinstance(news, SourceNews) else news


def _guess_event(document: Mapping[str, Any]) -> str:
    if "zen" in document and "hook_id" in document:
        return "ping"
    if take_map(document, "issue"):
        return "issue_comment" if take_map(document, "comment") else "issues"
    return ""


def _read_news(document: Any, issue: dict[str, Any], event: str, action: str) -> SourceNews | Unknown:
    source = take_text(take_map(document, "repository"), "full_name")
    number, title = take_number(issue, "number"), take_text(issue, "title", longest=1_000)
    if not REPOSITORY.match(source) or not 1 <= number <= MAX_NUMBER:
        return Unknown("It names no repository, or no number of an issue.")
    comment = _read_comment(document, action) if event == "issue_comment" else None
    if event == "issue_comment" and comment is None:
        return Unknown("It has no comment with an id.")
    moment = take_moment(issue, "updated_at") or clock.now()
    return SourceNews(
        source=source,
        number=number,
        action="commented" if event == "issue_comment" else action,
        title=make_title(title, f"{source}#{number}"),
        body=take_text(issue, "body", longest=MAX_BODY_CHARACTERS),
        author=_login(issue),
        tags=_read_tags(issue),
        is_done=take_text(issue, "state").lower() == "closed" or (event == "issues" and action in GONE),
        # A sender's clock that is ahead must not keep later news out.
        updated_at=min(moment, clock.now() + timedelta(minutes=5)),
        tag=take_text(take_map(document, "label"), "name") if action in ("labeled", "unlabeled") else "",
        comment=comment,
    )


def _make_signal(news: SourceNews, document: Mapping[str, Any], event: str) -> Signal:
    issue = take_map(document, "issue")
    own = {
        "repository": news.source,
        "event": event,
        "action": news.action,
        "labels": ", ".join(news.tags),
        "author": news.author,
        "sender": take_text(take_map(document, "sender"), "login", longest=100),
        "assignee": take_text(take_map(issue, "assignee"), "login", longest=100),
        "milestone": take_text(take_map(issue, "milestone"), "title", longest=200),
    }
    return Signal(
        fingerprint=f"{news.source}#{news.number}",
        is_firing=not news.is_done,
        title=news.title,
        text=news.body,
        # Labels such as "priority: high" or "critical" say how bad it is where a rule asks them; by themselves not.
        labels=make_labels({key: value for key, value in own.items() if value}),
        url=take_url(issue, "html_url"),
        occurred_at=take_moment(issue, "created_at"),
        news=news,
    )


def _read_comment(document: Any, action: str) -> SourceComment | None:
    comment = take_map(document, "comment")
    number = take_number(comment, "id")
    if not number:
        return None
    body = take_text(comment, "body", longest=MAX_BODY_CHARACTERS)
    return SourceComment(id=str(number), author=_login(comment), body=body, action=action)


def _read_tags(issue: dict[str, Any]) -> tuple[str, ...]:
    names = [take_text(label if isinstance(label, str) else take_map(label).get("name")) for label in
             take_list(issue, "labels")[:MAX_TAGS]]  # fmt: skip
    return tuple(dict.fromkeys(name for name in names if name))


def _login(thing: dict[str, Any]) -> str:
    return take_text(take_map(thing, "user"), "login", longest=100)
