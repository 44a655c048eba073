"""What people say about an issue, a ticket or an incident."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.incidents import Incident
from incidents.models.issues import Issue
from incidents.models.tickets import Ticket


class Comment(models.Model):
    """A comment in Markdown on exactly one thing. On a ticket it is internal: the customer never sees it; on an
    incident it is where `is_internal` says so.

    `author` is empty where somebody without an account wrote it; `author_label` then names them.
    """

    id = models.BigAutoField(primary_key=True)
    issue = models.ForeignKey(Issue, null=True, blank=True, on_delete=models.CASCADE, related_name="comments")
    ticket = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.CASCADE, related_name="comments")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="comments")
    is_internal = models.BooleanField(default=False, db_default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_label = models.CharField(max_length=254, blank=True, default="")
    body = models.TextField(max_length=65_536)
    body_html = models.TextField(blank=True, default="", editable=False)
    source_id = models.CharField(max_length=100, blank=True, default="", editable=False)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(issue__isnull=False, ticket__isnull=True, incident__isnull=True)
                | Q(issue__isnull=True, ticket__isnull=False, incident__isnull=True)
                | Q(issue__isnull=True, ticket__isnull=True, incident__isnull=False),
                name="comment_is_on_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(is_internal=False) | Q(incident__isnull=False), name="internal_comment_is_on_an_incident"
            ),
            models.UniqueConstraint(
                fields=["issue", "source_id"], condition=~Q(source_id=""), name="comment_is_imported_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_name} on {self.issue_id or self.ticket_id or self.incident_id}"

    @property
    def author_name(self) -> str:
        """Who wrote it, for people to read."""
        return (self.author.full_name or self.author.email) if self.author else self.author_label
