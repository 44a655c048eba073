"""/v1/issues: reported, listed, changed, moved and exported; /v1/projects/{project}/issues: those of one project."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.issue_actions import IssueActionsMixin
from incidents.api.issue_filters import IssueFilterSet
from incidents.api.issue_json import describe_issue, describe_issues
from incidents.api.issue_serializers import IssueChangeSerializer, NewIssueSerializer
from incidents.api.issue_shapes import IssueSerializer, IssueStatsSerializer, WholeIssueSerializer
from incidents.models import Issue
from incidents.services.issue_exports import export_issues
from incidents.services.issue_keys import named_issue
from incidents.services.issue_search import find_words, search_query_of
from incidents.services.issue_stats import count_issues
from incidents.services.issues import delete_issue, update_issue, visible_issues
from incidents.services.reports_with_files import create_issue_with_files
from tracker.api.csv_exports import CsvExportMixin
from tracker.api.etags import etag_of
from tracker.api.multipart import UploadRules
from tracker.api.permissions import column_of
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.exceptions import InvalidInput, NotFound
from tracker.models import Project
from tracker.services.projects import projects_of_person

MAX_ROWS_WITH_HTML = 100
MAX_FILES = 10
INCLUDE = OpenApiParameter("include", str, enum=["html"], description=f"Up to {MAX_ROWS_WITH_HTML} rows a page.")
NEW_ISSUE = {"application/json": NewIssueSerializer, "multipart/form-data": NewIssueSerializer}
PROJECT = OpenApiParameter("project", str, OpenApiParameter.PATH, description="Key of the project.")
OF_PROJECT = OpenApiParameter("project", str, description="Key of a project.")


class IssueListMixin(ListMixin):
    """Lists of issues: the page's ids first, then everything about them in one query."""

    resource: str | None = "issues"
    serializer_class: Any = IssueSerializer
    filterset_class = IssueFilterSet
    ordering_fields: Mapping[str, str] = {"id": "pk", "updated_at": "updated_at", "due_on": "due_on"}
    ordering: Sequence[str] = ("-pk",)
    uploads = {"create": UploadRules(max_files=MAX_FILES, lists=("tags",))}
    request: Any
    actor: Any
    valid: Any

    def get_queryset(self) -> "QuerySet[Issue]":
        """The issues to which the caller may do what the address does."""
        column = column_of(self, self.request.method)
        needed = ("pk", "number", "project__key", "updated_at", "due_on")
        return visible_issues(self.actor, column).select_related("project").only(*needed)

    def search(self, queryset: "QuerySet[Issue]", words: Sequence[str]) -> "QuerySet[Issue]":
        """Those that have all of the words, as in the back office: `-word` excludes."""
        query = search_query_of(" ".join(words))
        return find_words(queryset, query) if query is not None else queryset.none()

    def represent(self, objects: Sequence[Issue]) -> list[Any]:
        """The issues of a page."""
        include = self.request.query_params.get("include")
        if include not in (None, "html"):
            raise InvalidInput.of_field("include", "Name html or leave it out.")
        if include and len(objects) > MAX_ROWS_WITH_HTML:
            raise InvalidInput.of_field("include", f"Ask for up to {MAX_ROWS_WITH_HTML} rows (limit) with their HTML.")
        return describe_issues(self.actor, [issue.pk for issue in objects], include_html=bool(include))

    def respond(self, instance: Issue, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """One issue, whole, with its ETag."""
        told = describe_issue(self.actor, instance.pk)
        return Response(told, status=status, headers={"ETag": etag_of(told.values()), **(headers or {})})

    def report(self, project: Project | None = None) -> Response:
        """Makes the issue that the body tells of, with its files."""
        values = self.valid(NewIssueSerializer)
        uploads = values.pop("file", ())
        issue = create_issue_with_files(actor=self.actor, values=values, uploads=uploads, project=project)
        return self.respond(issue, status=201, headers={"Location": f"/v1/issues/{issue.pk}"})


@extend_schema_view(list=extend_schema(parameters=[INCLUDE]), retrieve=extend_schema(responses=WholeIssueSerializer))
class IssueViewSet(CsvExportMixin, IssueActionsMixin, IssueListMixin, RetrieveMixin, ApiViewSet[Issue]):
    """Issues by their id or key (OPS-12)."""

    export_name = "issues"
    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    query_params = {"list": ("include",), "stats": ("project",)}

    def find(self, queryset: "QuerySet[Issue]") -> "QuerySet[Issue]":
        """The issue of this id or key."""
        named = named_issue(self.kwargs["id"])
        return queryset.filter(named) if named else queryset.none()

    def etag(self, instance: Issue) -> str:
        """The version of everything that the answer shows."""
        return etag_of(describe_issue(self.actor, instance.pk).values())

    @extend_schema(request=NEW_ISSUE, responses={201: WholeIssueSerializer})
    def create(self, request: Request) -> Response:
        """Reports an issue; a token does it in the name of its owner."""
        return self.report()

    @extend_schema(request=IssueChangeSerializer, responses=WholeIssueSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        """Changes fields; reporters write title and description of their own issues."""
        issue = self.get_object()
        return self.respond(update_issue(actor=self.actor, issue=issue, changes=self.change(IssueChangeSerializer)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """Deletes an issue with its comments and files."""
        delete_issue(actor=self.actor, issue=self.get_object())
        return Response(status=204)

    @extend_schema(parameters=[OF_PROJECT], responses=IssueStatsSerializer, filters=False)
    @action(detail=False, methods=["get"], url_path="dashboard/stats", access="list", pagination_class=None)
    def stats(self, request: Request) -> Response:
        """Figures of all issues that the caller may see."""
        key = request.query_params.get("project")
        return Response(asdict(count_issues(actor=self.actor, project_key=key.upper() if key else None)))

    def export_rows(self, rows: Any) -> Iterator[bytes]:
        """Issues as CSV."""
        return export_issues(actor=self.actor, issues=rows)


@extend_schema_view(list=extend_schema(parameters=[PROJECT, INCLUDE]))
class ProjectIssueViewSet(IssueListMixin, ApiViewSet[Issue]):
    """The issues of one project: how reporters say where an issue belongs."""

    http_method_names = ["get", "head", "options", "post"]
    query_params = {"list": ("include",)}
    fixed_fields = ("project",)

    def get_queryset(self) -> "QuerySet[Issue]":
        """Those of the project that the caller may know of."""
        queryset = super().get_queryset()
        return queryset if getattr(self, "swagger_fake_view", False) else queryset.filter(project=self.find_project())

    def find_project(self) -> Project:
        """The project that the address names.

        Raises:
            NotFound: there is none, or the caller may not know of it.
        """
        project = projects_of_person(self.actor).filter(key=self.kwargs["project"].upper()).first()
        if project is None:
            raise NotFound.unseen()
        return project

    @extend_schema(parameters=[PROJECT], request=NEW_ISSUE, responses={201: WholeIssueSerializer})
    def create(self, request: Request, project: str) -> Response:
        """Reports an issue in this project."""
        return self.report(self.find_project())
