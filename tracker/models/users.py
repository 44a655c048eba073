"""People. The role decides the rights; groups follow from the role and are never edited by hand."""

import unicodedata
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from tracker.choices import Role

# Of people who are nobody any more, and of nobody else; RFC 2606 keeps it out of the world.
NOBODYS_DOMAIN = "users.invalid"


def normalise_email(email: str) -> str:
    """One spelling per mailbox: NFKC, no outer blanks or trailing dot, lower case."""
    return unicodedata.normalize("NFKC", email).strip().rstrip(".").lower()


def validate_timezone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError("Name an IANA time zone such as Europe/Berlin.")


class UserManager(BaseUserManager["User"]):
    """Makes users whose e-mail is in its one spelling."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user; without a password nobody can log in as them."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An admin who also has every right Django knows."""
        return self.create_user(email, password, **{**fields, "role": Role.ADMIN, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        """Finds by e-mail in any spelling."""
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in with an e-mail address."""

    email = models.EmailField("e-mail", unique=True)
    full_name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.REPORTER)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    is_active = models.BooleanField("active", default=True)
    email_confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Registered by themselves, and not yet known to own the address; nobody logs in as them until then.
    is_unconfirmed = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # From the first on nobody logs in as them; at the second nothing names them any more. See services/anonymising.py.
    anonymise_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    anonymised_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_is_unique_in_any_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_is_known"),
        ]
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Whether the admin site lets this person in: maintainers and admins."""
        return self.role in (Role.MAINTAINER, Role.ADMIN)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django's hash of the password, and the role with it: a session made for other rights ends.
        facts = f"{self.password}\n{self.role}"
        return salted_hmac("tracker.session", facts, secret=secret, algorithm="sha256").hexdigest()

    def clean(self) -> None:
        """Brings the e-mail into its one spelling."""
        self.email = normalise_email(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves, and makes the one group follow the role, so that no door can forget it."""
        self.email = normalise_email(self.email)
        super().save(*args, **kwargs)
        fields = kwargs.get("update_fields")
        if fields is None or "role" in fields:
            group, _ = Group.objects.get_or_create(name=self.role)
            self.groups.set([group])
