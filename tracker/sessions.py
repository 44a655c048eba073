"""Sessions whose keys the database knows as digests alone: a copy of it opens nobody's session."""

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

# What Django's column takes; 160 bits are more than the key itself has letters for.
DIGEST_CHARACTERS = 40


def digest_of(session_key: str) -> str:
    """Under what a session lies in the database."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:DIGEST_CHARACTERS]


class SessionStore(db.SessionStore):
    """Django's own, but that the browser's key and the row's are two things."""

    def exists(self, session_key: str) -> bool:
        """Whether such a session is kept."""
        return super().exists(digest_of(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row, under the digest."""
        row = super().create_model_instance(data)
        row.session_key = digest_of(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Ends a session: this one unless another is named."""
        key = session_key or self.session_key
        if key:
            super().delete(digest_of(key))

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        found = None
        if self.session_key is not None:
            alive = self.model.objects.filter(expire_date__gt=timezone.now())
            found = alive.filter(session_key=digest_of(self.session_key)).first()
        if found is None:
            self._session_key = None
        return found
