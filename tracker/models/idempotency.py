"""Answers kept for repeated POSTs with the same Idempotency-Key."""

from django.db import models


class IdempotencyRecord(models.Model):
    """The stored answer of one caller's key. It is written in the transaction of the request it answers."""

    caller = models.CharField(max_length=80, help_text="user:ID or token:ID; keys of two callers never meet")
    key = models.CharField(max_length=255)
    request_digest = models.BinaryField(max_length=32)
    response_status = models.PositiveSmallIntegerField(null=True)
    response_body = models.BinaryField(null=True)
    response_headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_is_one_per_caller")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
