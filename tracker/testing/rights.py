"""The rights matrix as tests: each address of the API is described once, and access.yaml says what must come out.

A package puts its probes into `testing/probes.py` as `PROBES`. tracker/tests/attacks/test_rights_of_addresses.py then
asks every address as every role, by session, by JWT and by token, and as nobody; an address without a probe fails the
build.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps

from tracker.models import User

Values = Mapping[str, Any]
Arrange = Callable[[User], Values]
ArrangeUnder = Callable[[User, User], Values]


def nothing(owner: User) -> Values:
    """For addresses without an id."""
    return {}


@dataclass(frozen=True, slots=True)
class Probe:
    """One request that the rights table decides about.

    `route` is the address with `{names}` for what `arrange(owner)` gives; the object it makes belongs to `owner`.
    `body` may be a function of the same values, for addresses whose body names objects.
    `is_own` says that the address always means the caller, such as /v1/auth/me.
    `parent` is the row of the table by which the object that the address leads through is found: who sees all of those
    gets no 404 under V and A. For A, `arrange_under(owner, author)` makes the object of `author` under a parent of
    `owner`. `query` is what an address wants to be told, such as "?from=2020-01-01".
    """

    method: str
    route: str
    resource: str
    action: str
    arrange: Arrange = nothing
    body: Any = None
    content_type: str = "application/json"
    status: int = 200
    is_own: bool = False
    parent: str = ""
    query: str = ""
    arrange_under: ArrangeUnder | None = None
    unknown: Values = field(
        default_factory=lambda: {
            "pk": 999999999,
            "number": 999999999,
            "id": "no-such-id",
            "project": "NOSUCH",
            "comment_id": 999999999,
            "link_id": 999999999,
            "attachment_id": 999999999,
        }
    )

    @property
    def name(self) -> str:
        """Method and address."""
        return f"{self.method} {self.route}"

    @property
    def names_something(self) -> bool:
        """Whether an object is named, in the address or in the body."""
        return "{" in self.route or callable(self.body)

    def path(self, values: Values) -> str:
        """The address with its values."""
        return "/" + self.route.format(**values) + self.query

    def body_for(self, values: Values) -> Any:
        """The body with its values."""
        body = self.body(values) if callable(self.body) else self.body
        return {} if body is None else body


def all_probes() -> list[Probe]:
    """The probes of every package."""
    probes: list[Probe] = []
    for app in apps.get_app_configs():
        if (Path(app.path) / "testing" / "probes.py").is_file():
            probes += import_module(f"{app.name}.testing.probes").PROBES
    return probes
