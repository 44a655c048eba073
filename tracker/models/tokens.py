"""API tokens for machines: hashed at rest, a visible prefix, scopes, an expiry and the last use."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tracker.choices import Scope


class ApiToken(models.Model):
    """A credential that acts with its scopes only. The secret itself is shown once and never stored."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API token"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(scopes__contained_by=Scope.values), name="api_token_scopes_are_known")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
