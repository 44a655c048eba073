"""Views of a list that people keep."""

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """The filters, search and order of one of the back office's lists, under a name; shared ones are everybody's."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=40, help_text="the list it is for, such as issue")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True, help_text="the query string of the list")
    is_shared = models.BooleanField("shared with everybody", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_name_is_one_per_owner")
        ]

    def __str__(self) -> str:
        return self.name
