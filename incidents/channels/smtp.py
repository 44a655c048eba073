"""Django's SMTP backend with a way to end it from outside: smtplib's time limit starts anew with every read."""

import contextlib
import smtplib
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend


class InterruptibleBackend(EmailBackend):
    """One use only. `was_accepted` turns true when the server has taken the message."""

    was_accepted = False
    _session: smtplib.SMTP | None = None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The session's class, told to show itself before it connects."""
        kind = _WatchedSMTPOverTLS if self.use_ssl else _WatchedSMTP
        return cast("type[smtplib.SMTP]", partial(kind, watch=self._watch))

    def interrupt(self) -> None:
        """Breaks the connection, so that the thread which waits on it gets an error at once."""
        connection = getattr(self._session, "sock", None)
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _watch(self, session: smtplib.SMTP) -> None:
        self._session = session

    def _send(self, email_message: EmailMessage) -> bool:
        is_sent: bool = super()._send(email_message)  # type: ignore[misc]
        self.was_accepted = is_sent
        return is_sent


class _WatchedSMTP(smtplib.SMTP):
    def __init__(self, *args: Any, watch: Callable[[smtplib.SMTP], None], **options: Any) -> None:
        watch(self)
        super().__init__(*args, **options)


class _WatchedSMTPOverTLS(smtplib.SMTP_SSL):
    def __init__(self, *args: Any, watch: Callable[[smtplib.SMTP], None], **options: Any) -> None:
        watch(self)
        super().__init__(*args, **options)
