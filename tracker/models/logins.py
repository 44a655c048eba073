"""What logging in leaves behind: refresh families, and counters of failed attempts."""

import uuid

from django.conf import settings
from django.db import models


class LoginSession(models.Model):
    """One family of JWTs, from a login to its logout. Revoking it makes every token of the family worthless."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="login_sessions")
    refresh_jti = models.UUIDField()
    created_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d %H:%M}"


class LoginAttempt(models.Model):
    """How many passwords were tried for one key in one window; counted before the password is looked at."""

    key = models.CharField(max_length=80)
    window_started_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "window_started_at"], name="login_attempt_is_one_per_window")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
