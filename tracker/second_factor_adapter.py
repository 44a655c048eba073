"""How allauth keeps what second factors are made of: sealed, so that a copy of the database lets nobody in."""

from allauth.mfa.adapter import DefaultMFAAdapter

from tracker.exceptions import NotAuthenticated
from tracker.sealing import seal, unseal


class SealedSecretsAdapter(DefaultMFAAdapter):
    """Named by MFA_ADAPTER."""

    def encrypt(self, text: str) -> str:
        """What the database is given."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret.

        Raises:
            NotAuthenticated: another SECRET_KEY sealed it. An empty secret would be one that everybody knows.
        """
        text = unseal(encrypted_text)
        if not text:
            raise NotAuthenticated("Your second factor cannot be read any more; an admin can remove it.")
        return text
