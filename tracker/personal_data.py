"""What the tables hold of people. Each package says so here; anonymising a person, and handing out what is known of
them, ask all packages, so that the registry need not know their tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from tracker.models import User
from tracker.personal_words import PersonalWords


def _nothing(*_: Any) -> Any:
    return ()


def _none_went(*_: Any) -> dict[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class PersonalRows:
    """One kind of rows that are handed out to the person whom they are about, or who wrote them.

    `columns` maps the names in the file to expressions, or to paths such as `project__key`.
    """

    name: str
    says: str
    rows: Callable[[User], "QuerySet[Any]"]
    columns: Mapping[str, Any] | Sequence[str]


@dataclass(frozen=True, slots=True)
class PersonalFile:
    """One stored file of a person: where it lies, what it is called in the archive, and its size."""

    key: str
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What one package holds.

    Attributes:
        rows, files: what is handed out.
        hindrances: what somebody must decide before this person is anonymised, each in a sentence.
        forget: deletes what is theirs alone, and whatever names them and cannot be rewritten; how many, by kind.
        untouched: columns, as `app_label.model.column` or `app_label.model`, in which words are never looked for.
        reread: told of rows whose texts were rewritten, in the same transaction.
    """

    rows: Sequence[PersonalRows] = ()
    files: Callable[[User], Iterable[PersonalFile]] = _nothing
    hindrances: Callable[[User], Iterable[str]] = _nothing
    forget: Callable[[User, PersonalWords], Mapping[str, int]] = _none_went
    untouched: Sequence[str] = ()
    reread: Mapping[type[Model], Callable[[Sequence[Any]], None]] = field(default_factory=dict)


_declared: dict[str, PersonalData] = {}


def declare(package: str, data: PersonalData) -> None:
    """Adds a package; declaring one again replaces it."""
    _declared[package] = data


def all_personal_data() -> Iterator[PersonalData]:
    """Every package's, the highest first: what is above refers to what is below."""
    yield from (_declared[name] for name in ("reports", "incidents", "tracker") if name in _declared)
