"""What the fields of an issue may hold, and who may write which."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from incidents.models import Issue, Tag
from incidents.rich_text import render_markdown
from incidents.services.field_checks import (
    check_assignee,
    check_description,
    check_severity,
    check_text,
    check_title,
    refuse_fields,
    run_checks,
)
from tracker.access import Actor, writable_fields
from tracker.choices import Role
from tracker.models import User

MAX_TAG_CHARACTERS = 50
MAX_TAGS = 20
PRIORITIES = range(1, 4)
DAYS = (date(1970, 1, 1), date(2200, 1, 1))


def issue_fields_of(actor: Actor) -> frozenset[str]:
    """The fields that `actor` may write; a token those of its owner."""
    is_reporter = actor.user is not None and actor.user.role == Role.REPORTER
    return writable_fields("issues.rep" if is_reporter else "issues.mnt")


def check_issue_fields(actor: Actor, names: Collection[str]) -> None:
    """Refuses fields that `actor` may not write.

    Raises:
        InvalidInput: naming each.
    """
    refuse_fields(names, issue_fields_of(actor))


def clean_issue_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept, `description_html` with them; tags stay words.

    Raises:
        InvalidInput: naming each field that breaks a rule, and the rule.
    """
    cleaned = run_checks(values, CHECKS)
    if "description" in cleaned:
        cleaned["description_html"] = render_markdown(cleaned["description"])
    return cleaned


def find_tags(names: Iterable[str]) -> list[Tag]:
    """The tags of these words, made where they are new."""
    wanted = list(dict.fromkeys(names))
    Tag.objects.bulk_create([Tag(name=name) for name in wanted], ignore_conflicts=True)
    return list(Tag.objects.filter(name__in=wanted))


def issue_facts(issue: Issue, names: Iterable[str]) -> dict[str, Any]:
    """The values of some fields as the log keeps them."""
    facts: dict[str, Any] = {}
    for name in names:
        value = getattr(issue, name) if name != "tags" else sorted(issue.tags.values_list("name", flat=True))
        facts[name] = value.email if isinstance(value, User) else str(value) if hasattr(value, "pk") else value
    return facts


def clean_tag(word: Any) -> str:
    """A tag in its one spelling.

    Raises:
        ValueError: says what is allowed.
    """
    word = " ".join(check_text(word, longest=MAX_TAG_CHARACTERS, is_required=True).lower().split())
    if "," in word or not word.isprintable():
        raise ValueError("A tag has no comma and no control characters.")
    # Some capitals are two letters in lower case.
    if len(word) > MAX_TAG_CHARACTERS:
        raise ValueError(f"1 to {MAX_TAG_CHARACTERS} characters in lower case.")
    return str(word)


def _check_priority(number: Any) -> int:
    if isinstance(number, bool) or number not in PRIORITIES:
        raise ValueError("1, 2 or 3.")
    return int(number)


def _check_tags(words: Any) -> list[str]:
    cleaned = list(dict.fromkeys(clean_tag(word) for word in words))
    if len(cleaned) > MAX_TAGS:
        raise ValueError(f"Up to {MAX_TAGS} tags.")
    return cleaned


def _check_project(project: Any) -> Any:
    if project is None or project.archived_at is not None:
        raise ValueError("Must be a project that is not archived.")
    return project


def _check_due_day(day: Any) -> Any:
    if day is not None and not DAYS[0] <= day <= DAYS[1]:
        raise ValueError(f"From {DAYS[0]} to {DAYS[1]}.")
    return day


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "title": partial(check_title, is_required=True),
    "description": check_description,
    "severity": check_severity,
    "priority": _check_priority,
    "tags": _check_tags,
    "project": _check_project,
    "assignee": check_assignee,
    "due_on": _check_due_day,
}
