"""The append-only log that is audit trail, timeline and live stream at once."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func


class TransactionIdField(models.Field[int, int]):
    """PostgreSQL's xid8: the transaction that wrote the row. Read as text, because psycopg has no loader for it."""

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "xid8"


class CurrentTransactionId(Func):
    """`pg_current_xact_id()`, the transaction that is writing."""

    function = "pg_current_xact_id"
    output_field = TransactionIdField()


class TransactionStamp(Func):
    """The number of the transaction that is writing, by which the log is in commit order.

    A function of ours, `tracker_stamp()`: a restored database stands in a PostgreSQL that counts from elsewhere, and
    goes on above all numbers that the lost one has given out. `tracker_horizon()` is its counterpart for readers.
    """

    function = "tracker_stamp"
    output_field = TransactionIdField()


class Event(models.Model):
    """One line of what happened: who, what, to which object, before and after, in the same transaction as the change.

    Ids are handed out before commit, so a reader that remembers only the last id loses rows that commit late. Readers
    therefore go by (xid, id) below the snapshot's xmin, `tracker_horizon()`; see tracker/realtime/log_reader.py.
    """

    id = models.BigAutoField(primary_key=True)
    xid = TransactionIdField(db_default=TransactionStamp(), editable=False)
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    actor_label = models.CharField(max_length=120)
    request_id = models.CharField(max_length=64, blank=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=128, blank=True)
    before = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    data = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index("xid", "id", name="event_in_commit_order"),
            models.Index(F("object_type"), F("object_id"), F("id").desc(), name="event_of_object"),
            models.Index(F("verb"), F("id").desc(), name="event_by_verb"),
            BrinIndex(fields=["at"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}".strip()
