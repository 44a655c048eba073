"""Assets: what things happen at."""

from django.db import models

from tracker.models.users import validate_timezone


class Factory(models.Model):
    """A site of production."""

    name = models.CharField(max_length=120, unique=True)
    place = models.CharField(max_length=200, blank=True)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "factories"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
