"""Stays: the history of a row that is worked on, one line for each stretch in which it was the same."""

from django.conf import settings
from django.db import models

from incidents.choices import Severity
from tracker.models import Project


class Stay(models.Model):
    """One stay of a row as it was: status, severity, project and assignee. The open one has no end.

    Figures of any past moment are read from these; services/steps.py alone begins and ends them. The database fills in
    since when the row has been in this status and how old it was then, in whole seconds (migration 0004_age_of_stays).
    """

    id = models.BigAutoField(primary_key=True)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MEDIUM)
    # No constraints: both are copied from the row in the same transaction, and that row's are checked.
    project = models.ForeignKey(
        Project, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    started_by = models.CharField(max_length=120, blank=True)
    entered_at = models.DateTimeField(null=True, editable=False)
    age_seconds = models.BigIntegerField(null=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["id"]
