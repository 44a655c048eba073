"""The rights matrix as tests: each address of the API is described once, and access.yaml says what must come out.

A package puts its probes into `testing/probes.py` as `PROBES`. tracker/tests/api/test_rights.py then asks every address
as every role, by session, by JWT and by token, and as nobody; an address without a probe fails the build.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps

from tracker.models import User

Arrange = Callable[[User], Mapping[str, Any]]


def nothing(owner: User) -> Mapping[str, Any]:
    """For addresses without an id."""
    return {}


@dataclass(frozen=True, slots=True)
class Probe:
    """One request that the rights table decides about.

    `route` is the address with `{names}` for what `arrange(owner)` gives; the object it makes belongs to `owner`.
    `is_own` says that the address always means the caller, such as /v1/auth/me.
    """

    method: str
    route: str
    resource: str
    action: str
    arrange: Arrange = nothing
    body: Any = None
    status: int = 200
    is_own: bool = False
    unknown: Mapping[str, Any] = field(
        default_factory=lambda: {"pk": 999999999, "number": 999999999, "id": "no-such-id"}
    )

    @property
    def name(self) -> str:
        """Method and address."""
        return f"{self.method} {self.route}"

    def path(self, values: Mapping[str, Any]) -> str:
        """The address with its values."""
        return "/" + self.route.format(**values)


def all_probes() -> list[Probe]:
    """The probes of every package."""
    probes: list[Probe] = []
    for app in apps.get_app_configs():
        if (Path(app.path) / "testing" / "probes.py").is_file():
            probes += import_module(f"{app.name}.testing.probes").PROBES
    return probes
