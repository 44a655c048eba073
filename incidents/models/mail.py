"""Mail that came in, and what became of it. The messages themselves stay in their mailbox."""

from django.db import models

from incidents.choices import MailOutcome
from incidents.models.comments import Comment
from incidents.models.incidents import Incident
from incidents.models.issues import Issue


class MailMessage(models.Model):
    """One message, taken once: `message_digest` is that of its Message-ID, sender and text."""

    id = models.BigAutoField(primary_key=True)
    message_digest = models.CharField(max_length=64, unique=True, editable=False)
    message_id = models.CharField(max_length=500, blank=True, default="")
    sender = models.CharField(max_length=254, blank=True, default="")
    subject = models.CharField(max_length=300, blank=True, default="")
    received_at = models.DateTimeField(db_index=True)
    size_bytes = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=MailOutcome.choices)
    note = models.CharField(max_length=500, blank=True, default="")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")
    issue = models.ForeignKey(Issue, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")
    comment = models.ForeignKey(Comment, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")

    class Meta:
        verbose_name = "message"
        ordering = ["-id"]
        indexes = [
            # Not of those without one, which are many and never looked for.
            models.Index("message_id", name="mail_by_message_id", condition=~models.Q(message_id="")),
            models.Index("sender", "received_at", name="mail_of_sender"),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id or str(self.pk)
