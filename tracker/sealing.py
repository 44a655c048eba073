"""Secrets that must be read again, such as a webhook's address, lie sealed in the database: a dump shows none of them.

The key comes from SECRET_KEY. Whoever changes that one sets its old value as SECRET_KEY_FALLBACKS, or enters the
secrets anew.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

PREFIX = "sealed:"


def seal(text: str) -> str:
    """The text so that only this installation can read it; nothing stays nothing."""
    return PREFIX + _fernet().encrypt(text.encode()).decode("ascii") if text else ""


def unseal(sealed: str) -> str:
    """The text that `seal` was given; empty where another key sealed it, as after a change of SECRET_KEY."""
    if not sealed.startswith(PREFIX):
        return sealed
    try:
        return _fernet().decrypt(sealed.removeprefix(PREFIX).encode("ascii")).decode()
    except InvalidToken:
        return ""


class SealedTextField(models.TextField[str, str]):
    """A text that is sealed on its way into the database. It cannot be searched or compared there."""

    def get_prep_value(self, value: str | None) -> str | None:
        """What the database is given."""
        prepared: str | None = super().get_prep_value(value)
        return seal(prepared) if prepared else prepared

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        """What was sealed."""
        return unseal(value) if value else value


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(secret: str) -> bytes:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"tracker.sealing").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
