"""A tiny SMTP server for tests: takes mail, or refuses it as `behaviour` says."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType

from tracker.testing.servers import BackgroundServer

HANG_SECONDS = 3600


class SMTPStub:
    """Listens while its `with` block runs.

    `behaviour`: `ok`; a reply code such as `421` or `550`, given to MAIL FROM; `hang` (no greeting);
    `hang_after_data` (the whole message taken, never acknowledged); `drip` (an endless greeting).
    """

    def __init__(self, behaviour: str = "ok") -> None:
        self.behaviour = behaviour
        self.reply = "refused"
        self.messages: list[EmailMessage] = []
        self.server = BackgroundServer(self.handle)

    def __enter__(self) -> "SMTPStub":
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        await self._greet(writer)
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await self._take_message(reader, writer)
            elif verb == b"MAIL" and self.behaviour.isdigit():
                writer.write(f"{self.behaviour} {self.reply}\r\n".encode())
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()

    async def _greet(self, writer: asyncio.StreamWriter) -> None:
        if self.behaviour == "hang":
            await asyncio.sleep(HANG_SECONDS)
        if self.behaviour == "drip":
            for _ in range(HANG_SECONDS * 10):
                writer.write(b"220-wait\r\n")
                await writer.drain()
                await asyncio.sleep(0.1)
        writer.write(b"220 stub ESMTP\r\n")

    async def _take_message(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
        message = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        if self.behaviour == "hang_after_data":
            await asyncio.sleep(HANG_SECONDS)
        writer.write(b"250 taken\r\n")
