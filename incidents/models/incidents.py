"""Incidents: something happened at a place, somebody or something told us, and it is dealt with."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower

from incidents.choices import EnrichmentState, IncidentLinkKind, IncidentStatus, Recovery, Severity
from incidents.models.issues import Issue
from incidents.models.stays import Stay
from incidents.models.tickets import Ticket
from tracker.models import Factory, Project

KEY_PREFIX = "INC-"


class IncidentCategory(models.Model):
    """What kind of thing happened. An archived one is kept for what it holds and offered to nobody."""

    key = models.CharField(
        max_length=30,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]{1,29}\Z", "2 to 30 small letters, digits and underscores.")],
    )
    name = models.CharField(max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="place in lists, the lowest first")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "incident categories"
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.name


class Incident(models.Model):
    """One thing that happened. `created_at` is when it was reported, `occurred_at` when it happened.

    `enrichment` says how far Tracker is with finding out more; city to timezone hold what it found.
    """

    id = models.BigAutoField(primary_key=True)
    category = models.ForeignKey(IncidentCategory, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True, default="", max_length=262_144)
    description_html = models.TextField(blank=True, default="", editable=False)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MEDIUM)
    status = models.CharField(max_length=12, choices=IncidentStatus.choices, default=IncidentStatus.OPEN)
    enrichment = models.CharField(max_length=10, choices=EnrichmentState.choices, default=EnrichmentState.NEW)
    recovery = models.CharField(max_length=10, choices=Recovery.choices, default=Recovery.UNKNOWN)
    place = models.CharField(max_length=300, blank=True, default="")
    latitude = models.FloatField(null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)])
    factory = models.ForeignKey(Factory, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    loss_estimate = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reporter_label = models.CharField(
        max_length=254, blank=True, default="", help_text="who reported it, where that is nobody with an account"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    city = models.CharField(max_length=120, blank=True, default="", editable=False)
    region = models.CharField(max_length=120, blank=True, default="", editable=False)
    country = models.CharField(max_length=2, blank=True, default="", editable=False)
    nearest_place = models.CharField(max_length=200, blank=True, default="", editable=False)
    timezone = models.CharField(max_length=64, blank=True, default="", editable=False)
    attributes = models.JSONField(default=dict, blank=True, editable=False)
    source = models.CharField(max_length=100, blank=True, default="", editable=False)
    source_id = models.CharField(max_length=100, blank=True, default="", editable=False)
    # What the source said at the import before, field by field, as short digests.
    source_marks = models.JSONField(null=True, blank=True, editable=False)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    triaged_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    enriched_at = models.DateTimeField(null=True, blank=True)
    search = SearchVectorField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id"], condition=~Q(source=""), name="incident_is_imported_once"
            ),
            models.CheckConstraint(condition=Q(status__in=IncidentStatus.values), name="incident_status_is_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="incident_severity_is_known"),
            models.CheckConstraint(
                condition=Q(enrichment__in=EnrichmentState.values), name="incident_enrichment_is_known"
            ),
            models.CheckConstraint(condition=Q(recovery__in=Recovery.values), name="incident_recovery_is_known"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="incident_is_on_earth",
            ),
            models.CheckConstraint(
                condition=Q(loss_estimate__isnull=True) | Q(loss_estimate__gte=0), name="incident_loss_is_no_gain"
            ),
            models.CheckConstraint(
                condition=Q(status=IncidentStatus.DONE, done_at__isnull=False)
                | (~Q(status=IncidentStatus.DONE) & Q(done_at__isnull=True)),
                name="incident_is_done_since",
            ),
        ]
        indexes = [
            models.Index(F("updated_at").desc(), F("id").desc(), name="incident_by_update"),
            models.Index(F("occurred_at").desc(), F("id").desc(), name="incident_by_occurrence"),
            models.Index(F("created_at").desc(), F("id").desc(), name="incident_by_report"),
            models.Index("category", F("occurred_at").desc(), name="incident_of_category"),
            models.Index("status", F("id").desc(), name="incident_by_status"),
            models.Index("reporter", F("id").desc(), name="incident_of_reporter", condition=Q(reporter__isnull=False)),
            models.Index("assignee", F("id").desc(), name="incident_of_assignee", condition=Q(assignee__isnull=False)),
            models.Index(
                F("updated_at").desc(), F("id").desc(), name="incident_open_by_update", condition=~Q(status="DONE")
            ),
            # What the first page counts: the few that are open of one kind, however many are done.
            models.Index("severity", F("id").desc(), name="incident_open_by_severity", condition=~Q(status="DONE")),
            models.Index("id", name="incident_enrichment_failed", condition=Q(enrichment="FAILED")),
            models.Index("id", name="incident_unenriched", condition=Q(enrichment__in=("NEW", "ENRICHING"))),
            GinIndex(fields=["search"], name="incident_search"),
            # What happened near by, for likely duplicates.
            GistIndex(
                Func(F("longitude"), F("latitude"), function="point"),
                name="incident_at_point",
                condition=Q(latitude__isnull=False),
            ),
            models.Index(Lower("place"), "occurred_at", name="incident_at_place", condition=~Q(place="")),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """How people call it: INC-12."""
        return f"{KEY_PREFIX}{self.pk}"


class IncidentAnalysis(Incident):
    """Incidents as figures: the same rows, with a page of their own in the back office."""

    class Meta:
        proxy = True
        verbose_name_plural = "analysis"


class IncidentSpan(Stay):
    """A stay of an incident."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="spans")
    status = models.CharField(max_length=12, choices=IncidentStatus.choices)

    class Meta(Stay.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(ended_at__isnull=True), name="incident_is_in_one_status"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="incident_span_runs_forward"
            ),
        ]
        indexes = [
            models.Index("started_at", name="incident_span_by_start"),
            models.Index(
                "project",
                "entered_at",
                include=["started_at", "ended_at", "age_seconds", "severity", "assignee", "incident"],
                condition=Q(status="DONE"),
                name="incident_span_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.status}"


class IncidentLink(models.Model):
    """How an incident stands to exactly one issue, ticket or other incident."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="links", db_index=False)
    issue = models.ForeignKey(Issue, null=True, blank=True, on_delete=models.CASCADE, related_name="incident_links")
    ticket = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.CASCADE, related_name="incident_links")
    other = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=12, choices=IncidentLinkKind.choices)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(issue__isnull=False, ticket__isnull=True, other__isnull=True)
                | Q(issue__isnull=True, ticket__isnull=False, other__isnull=True)
                | Q(issue__isnull=True, ticket__isnull=True, other__isnull=False),
                name="incident_link_has_one_target",
            ),
            models.UniqueConstraint(
                fields=["incident", "kind", "issue", "ticket", "other"],
                nulls_distinct=False,
                name="incident_link_is_kept_once",
            ),
            models.CheckConstraint(condition=~Q(incident=F("other")), name="incident_link_leads_elsewhere"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind} {self.issue_id or self.ticket_id or self.other_id}"
