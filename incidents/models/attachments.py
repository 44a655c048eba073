"""Files that belong to an issue or an incident. Their bytes lie in the storage `attachments` under a random key."""

from django.conf import settings
from django.db import models

from incidents.models.comments import Comment
from incidents.models.incidents import Incident
from incidents.models.issues import Issue


class Attachment(models.Model):
    """One stored file. `preview_key` names a re-encoded picture that may be shown inline; the file itself never is.

    `is_internal` is taken from the comment that it came with, and outlives it.
    """

    id = models.BigAutoField(primary_key=True)
    issue = models.ForeignKey(Issue, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments")
    comment = models.ForeignKey(
        Comment, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments", db_index=False
    )
    is_internal = models.BooleanField(default=False, db_default=False, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    uploader_label = models.CharField(max_length=254, blank=True, default="")
    name = models.CharField(max_length=150, help_text="as the uploader called it, made harmless")
    storage_key = models.CharField(max_length=120, unique=True, editable=False)
    preview_key = models.CharField(max_length=120, blank=True, default="", editable=False)
    content_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(issue__isnull=False, incident__isnull=True)
                | models.Q(issue__isnull=True, incident__isnull=False),
                name="attachment_is_on_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(is_internal=False) | models.Q(incident__isnull=False),
                name="internal_attachment_is_on_an_incident",
            ),
        ]
        indexes = [models.Index("preview_key", name="attachment_preview", condition=~models.Q(preview_key=""))]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where its bytes are handed out to whoever may see what it hangs on."""
        parent = f"issues/{self.issue_id}" if self.issue_id is not None else f"incidents/{self.incident_id}"
        return f"/v1/{parent}/attachments/{self.pk}/content"

    @property
    def uploader_name(self) -> str:
        """Who sent it, for people to read."""
        return (self.uploaded_by.full_name or self.uploaded_by.email) if self.uploaded_by else self.uploader_label
