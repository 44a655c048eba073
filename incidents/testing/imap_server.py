"""A real IMAP server for tests (pymap, in memory), with one account."""

import asyncio
import imaplib
import ssl
from argparse import ArgumentParser
from types import TracebackType

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer, IMAPService
from pysasl.hashing import BuiltinHash

from tracker.mail_settings import Mailbox
from tracker.testing.servers import BackgroundServer

USER, PASSWORD = "reports", 'p"ä ss\\'


class TestMailServer:
    """Listens while its `with` block runs; `mailbox` is how it is reached. `tls` makes it speak TLS from the start."""

    __test__ = False

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._server = BackgroundServer(self._talk, tls=tls)
        self._is_encrypted = tls is not None
        self._imap: IMAPServer | None = None

    def __enter__(self) -> "TestMailServer":
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def mailbox(self) -> Mailbox:
        """How it is reached."""
        return Mailbox("localhost", self._server.port, USER, PASSWORD, folder="INBOX", is_encrypted=self._is_encrypted)

    @property
    def connections(self) -> int:
        """How often somebody connected."""
        return self._server.connections

    def put(self, *messages: bytes) -> None:
        """Lays messages into the inbox."""
        with self._client() as client:
            for message in messages:
                client.append("INBOX", "", imaplib.Time2Internaldate(0), message)

    def count(self, folder: str) -> int:
        """How many messages lie in a folder; none where it is missing."""
        with self._client() as client:
            status, data = client.select(f'"{folder}"', readonly=True)
            return int(data[0] or 0) if status == "OK" else 0

    def _client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self._server.port)
        client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        return client

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._imap is None:
            self._imap = await self._make()
        await self._imap(reader, writer, SocketInfo.get(writer, None))

    async def _make(self) -> IMAPServer:
        parser = ArgumentParser()
        DictBackend.add_subparser("dict", parser.add_subparsers(dest="backend"))
        IMAPService.add_arguments(parser)
        parser.set_defaults(debug=False, passlib_cfg=None)
        arguments = ["--no-tls", "dict", "--demo-user", USER, "--demo-password", PASSWORD]
        backend, config = await DictBackend.init(parser.parse_args(arguments), hash_context=BuiltinHash(rounds=1_000))
        return IMAPServer(backend.login, config)
