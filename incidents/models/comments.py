"""What people say about an issue or a ticket."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.issues import Issue
from incidents.models.tickets import Ticket


class Comment(models.Model):
    """A comment in Markdown on exactly one thing. On a ticket it is internal: the customer never sees it.

    `author` is empty where a comment came in with an import; `author_label` then names who wrote it there.
    """

    id = models.BigAutoField(primary_key=True)
    issue = models.ForeignKey(Issue, null=True, blank=True, on_delete=models.CASCADE, related_name="comments")
    ticket = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_label = models.CharField(max_length=120, blank=True, default="")
    body = models.TextField(max_length=65_536)
    body_html = models.TextField(blank=True, default="", editable=False)
    source_id = models.CharField(max_length=100, blank=True, default="", editable=False)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(issue__isnull=False, ticket__isnull=True) | Q(issue__isnull=True, ticket__isnull=False),
                name="comment_is_on_one_thing",
            ),
            models.UniqueConstraint(
                fields=["issue", "source_id"], condition=~Q(source_id=""), name="comment_is_imported_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_name} on {self.issue_id or self.ticket_id}"

    @property
    def author_name(self) -> str:
        """Who wrote it, for people to read."""
        return (self.author.full_name or self.author.email) if self.author else self.author_label
