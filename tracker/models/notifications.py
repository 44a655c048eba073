"""What people are told, and how they want to be told."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tracker.choices import NOT_MAILED_AT_FIRST, MailWish, NotificationKind
from tracker.models.users import User


class Notification(models.Model):
    """One thing that one person is told: a line of their list, a letter, or both.

    `mail_at` is when a letter is due, null where none is (any more): the sweep that makes letters claims by it. Letters
    about an account carry no secret here; their links are made while the letter is written.
    """

    id = models.BigAutoField(primary_key=True)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=128, blank=True)
    headline = models.CharField(max_length=200)
    body = models.TextField(max_length=2000, blank=True)
    actor_label = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    is_listed = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NotificationKind.values), name="notification_kind_is_known")
        ]
        indexes = [
            models.Index(F("recipient"), F("id").desc(), name="notification_of", condition=Q(is_listed=True)),
            models.Index("recipient", name="notification_unread", condition=Q(is_listed=True, read_at__isnull=True)),
            models.Index("mail_at", "recipient", name="notification_to_mail", condition=Q(mail_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.headline


class NotificationPreference(models.Model):
    """How one person wants to be told of one kind of thing; without a row, see `unspoken`."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences")
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    is_listed = models.BooleanField("in my list", default=True)
    mail = models.CharField(max_length=10, choices=MailWish.choices, default=MailWish.AT_ONCE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="preference_is_one_per_kind")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"

    @classmethod
    def unspoken(cls, person: User, kind: NotificationKind) -> "NotificationPreference":
        """What holds for who never said (not saved): listed, and mailed at once but for NOT_MAILED_AT_FIRST."""
        mail = MailWish.NEVER if kind in NOT_MAILED_AT_FIRST else MailWish.AT_ONCE
        return cls(person=person, kind=kind, mail=mail)
