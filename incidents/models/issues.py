"""Issues: work in a project."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from incidents.choices import IssueLinkKind, IssueStatus, Severity
from incidents.models.stays import Stay
from tracker.models import Factory, Project, User


class Tag(models.Model):
    """A word that issues can be found by."""

    name = models.CharField(max_length=50, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(name=Lower("name")), name="tag_is_in_lower_case")]

    def __str__(self) -> str:
        return self.name


class Issue(models.Model):
    """One piece of work, numbered within its project: OPS-12.

    `triaged_at` and `done_at` tell of the present cycle and are empty again after a reopening; every stay in a status
    is kept as an IssueSpan. `search` holds the words of title, description and comments, see services/issue_search.py.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="issues", db_index=False)
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True, default="", max_length=262_144)
    description_html = models.TextField(blank=True, default="", editable=False)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MEDIUM)
    priority = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1), MaxValueValidator(3)], help_text="1 first, 3 last"
    )
    status = models.CharField(max_length=12, choices=IssueStatus.choices, default=IssueStatus.OPEN)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reporter_label = models.CharField(max_length=120, blank=True, default="", help_text="who reported it elsewhere")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="issues")
    watchers = models.ManyToManyField(User, blank=True, related_name="watched_issues")
    factory = models.ForeignKey(Factory, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged", editable=False
    )
    source = models.CharField(max_length=100, blank=True, default="", editable=False)
    source_id = models.CharField(max_length=100, blank=True, default="", editable=False)
    source_updated_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    triaged_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    search = SearchVectorField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="issue_number_is_one_per_project"),
            models.UniqueConstraint(
                fields=["source", "source_id"], condition=~Q(source=""), name="issue_is_imported_once"
            ),
            models.CheckConstraint(condition=Q(status__in=IssueStatus.values), name="issue_status_is_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="issue_severity_is_known"),
            models.CheckConstraint(condition=Q(priority__range=(1, 3)), name="issue_priority_is_1_to_3"),
            models.CheckConstraint(
                condition=Q(status=IssueStatus.DONE, done_at__isnull=False)
                | (~Q(status=IssueStatus.DONE) & Q(done_at__isnull=True)),
                name="issue_is_done_since",
            ),
        ]
        indexes = [
            models.Index(F("updated_at").desc(), F("id").desc(), name="issue_by_update"),
            models.Index("status", F("id").desc(), name="issue_by_status"),
            models.Index("severity", F("id").desc(), name="issue_by_severity"),
            models.Index("project", F("id").desc(), name="issue_of_project"),
            models.Index("reporter", F("id").desc(), name="issue_of_reporter", condition=Q(reporter__isnull=False)),
            models.Index("assignee", F("id").desc(), name="issue_of_assignee", condition=Q(assignee__isnull=False)),
            models.Index(F("id").desc(), name="issue_open", condition=~Q(status="DONE")),
            models.Index(
                F("updated_at").desc(), F("id").desc(), name="issue_open_by_update", condition=~Q(status="DONE")
            ),
            models.Index(F("created_at").desc(), F("id").desc(), name="issue_by_creation"),
            models.Index(F("done_at").desc(), F("id").desc(), name="issue_by_end", condition=Q(done_at__isnull=False)),
            models.Index("status", "severity", name="issue_figures"),
            models.Index("due_on", "id", name="issue_by_due_day", condition=Q(due_on__isnull=False)),
            models.Index(
                "due_on", "id", name="issue_open_by_due_day", condition=Q(due_on__isnull=False) & ~Q(status="DONE")
            ),
            GinIndex(fields=["search"], name="issue_search"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """How people call it: the project's key and the number."""
        return f"{self.project.key}-{self.number}"


class FormerKey(models.Model):
    """What an issue was called before it went to another project: letters, links and heads still say so."""

    id = models.BigAutoField(primary_key=True)
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="former_keys")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="former_key_is_of_one_issue"),
        ]

    def __str__(self) -> str:
        return f"{self.project.key}-{self.number}"


class IssueSpan(Stay):
    """A stay of an issue."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="spans")
    status = models.CharField(max_length=12, choices=IssueStatus.choices)

    class Meta(Stay.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["issue"], condition=Q(ended_at__isnull=True), name="issue_is_in_one_status"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="issue_span_runs_forward"
            ),
        ]
        indexes = [
            models.Index("started_at", name="issue_span_by_start"),
            models.Index(
                "project",
                "entered_at",
                include=["started_at", "ended_at", "age_seconds", "severity", "assignee", "issue"],
                condition=Q(status="DONE"),
                name="issue_span_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue_id} {self.status}"


class IssueLink(models.Model):
    """`source` duplicates, blocks or relates to `target`. A relation has no direction: the lower id is its source."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="links_out", db_index=False)
    target = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=12, choices=IssueLinkKind.choices)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "kind"], name="issue_link_is_kept_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="issue_link_leads_elsewhere"),
            models.CheckConstraint(
                condition=~Q(kind=IssueLinkKind.RELATES) | Q(source__lt=F("target")),
                name="issue_relation_has_no_side",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"
