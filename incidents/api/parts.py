"""What hangs on an issue or an incident. Each is found through its parent alone."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter

from incidents.models import Incident, Issue
from incidents.services.incidents import find_incident
from incidents.services.issues import find_issue
from tracker.api.viewsets import ApiViewSet
from tracker.exceptions import NotFound

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)
ISSUE = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Id or key of the issue.")
INCIDENT = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Id or key of the incident.")


class PartViewSet(ApiViewSet[M], Generic[M, P]):
    """A collection that belongs to one parent. Of what the caller may not see, nothing is found."""

    parent_type: type[P]
    find_named: Any
    ordering: Sequence[str] = ("pk",)

    def find_parent(self) -> P:
        """What the address names.

        Raises:
            NotFound: there is none, or the caller may not know of it.
        """
        parent: P | None = self.find_named(self.actor, self.kwargs["id"])
        if parent is None:
            raise NotFound.unseen()
        return parent

    def get_queryset(self) -> "QuerySet[M]":
        """The rows of the parent."""
        if getattr(self, "swagger_fake_view", False):
            return self.rows_of(self.parent_type())
        return self.rows_of(self.find_parent())

    def rows_of(self, parent: P) -> "QuerySet[M]":
        """What of this parent the caller may know of."""
        raise NotImplementedError


class IssuePartViewSet(PartViewSet[M, Issue]):
    """A collection that belongs to one issue."""

    parent_type = Issue
    find_named = staticmethod(find_issue)


class IncidentPartViewSet(PartViewSet[M, Incident]):
    """A collection that belongs to one incident."""

    parent_type = Incident
    find_named = staticmethod(find_incident)
