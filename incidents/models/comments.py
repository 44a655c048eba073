"""Internal comments on tickets."""

from django.conf import settings
from django.db import models

from incidents.models.tickets import Ticket


class TicketComment(models.Model):
    """A note among those who work on a ticket; the customer never sees it."""

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(max_length=20_000)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author_id} on {self.ticket_id}"
