"""The one HTTP client that talks to addresses which users typed.

A name is resolved once, every address of the answer is checked, and the connection goes to exactly such an address;
asking the resolver a second time would let it answer differently (DNS rebinding). No redirect is followed, no proxy
from the environment is used, and one deadline covers everything from the look-up to the last byte of the answer, so
that a receiver which sends a byte now and then cannot hold a worker.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

import httpcore

from tracker.addresses import IPAddress, OutgoingRefused, Target, check_address, check_url, literal_address
from tracker.env import Network

MAX_RESPONSE_BYTES = 64 * 1024
USER_AGENT = "Tracker"

# Not the loop's own executor: that one is joined when the loop ends, and a look-up cannot be interrupted.
RESOLVER_THREADS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolver")


class OutgoingFailed(Exception):
    """The request did not get through this time: look-up, connection, TLS, time. The text names no secret."""


@dataclass(frozen=True, slots=True)
class OutgoingResponse:
    """What came back. `headers` have lower-case names; `body` holds at most the first 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections only to addresses that were checked right before, under the original name for TLS."""

    def __init__(self, allow: Sequence[Network]) -> None:
        self._allow = allow
        self._network = httpcore.AnyIOBackend()
        self._look_ups: dict[str, asyncio.Task[list[IPAddress]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check all, connect to the first address that answers. Raises OutgoingRefused, OutgoingFailed."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            check_address(address, self._allow)
        failure: httpcore.ConnectError | None = None
        for address in addresses:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure or OutgoingFailed("the name has no address")

    async def _resolve(self, host: str, port: int) -> list[IPAddress]:
        """Requests for one host that wait at the same time share one look-up: a name server that hangs holds a single
        thread, and leaves the others to other hosts."""
        task = self._look_ups.get(host)
        if task is None:
            task = self._look_ups[host] = asyncio.create_task(resolve(host, port))
            task.add_done_callback(lambda done: self._forget(host, done))
        return await asyncio.shield(task)

    def _forget(self, host: str, done: asyncio.Task[list[IPAddress]]) -> None:
        del self._look_ups[host]
        if not done.cancelled():
            # Read here, because everybody who waited for it may have given up.
            done.exception()

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: no URL leads to a socket file."""
        raise OutgoingRefused("not a network address")

    async def sleep(self, seconds: float) -> None:
        """Wait (asked for by the base class; the client itself never retries)."""
        await asyncio.sleep(seconds)


async def resolve(host: str, port: int) -> list[IPAddress]:
    """Every address of a host, in the resolver's order; asks the resolver once. Raises OutgoingFailed."""
    literal = literal_address(host)
    if literal is not None:
        return [literal]
    loop = asyncio.get_running_loop()
    try:
        answers = await loop.run_in_executor(RESOLVER_THREADS, _look_up, host, port)
    except (socket.gaierror, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else "not a name"
        raise OutgoingFailed(f"the name could not be resolved: {reason}") from None
    # A scoped address ("fe80::1%eth0") is link-local, so what stands before the scope decides.
    return list(dict.fromkeys(ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))


def _look_up(host: str, port: int) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # type: ignore[return-value]


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """System and certifi roots, read once a process; `SSL_CERT_FILE` adds an operator's own."""
    return httpcore.default_ssl_context()


class OutgoingClient:
    """Connections of one run of sends, kept open between requests to the same receiver; use `open_client`."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, allow: Sequence[Network]) -> None:
        self._pool = pool
        self._allow = allow

    async def send_request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, deadline_seconds: float = 10.0
    ) -> OutgoingResponse:
        """Send one request and read its answer, all within `deadline_seconds`.

        Raises OutgoingRefused where no attempt can ever succeed, OutgoingFailed where a later one may.
        """
        target = check_url(url, self._allow)
        request = _build_request(method, target, headers, body)
        try:
            async with asyncio.timeout(deadline_seconds):
                return await self._exchange(request)
        except TimeoutError:
            raise OutgoingFailed(f"no answer within {deadline_seconds:g} seconds") from None
        except httpcore.LocalProtocolError:
            raise OutgoingRefused("the request cannot be written as HTTP") from None
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise OutgoingFailed(describe_failure(error)) from None

    async def _exchange(self, request: httpcore.Request) -> OutgoingResponse:
        async with _closing(await self._pool.handle_async_request(request)) as response:
            body = bytearray()
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) >= MAX_RESPONSE_BYTES:
                    break
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return OutgoingResponse(response.status, headers, bytes(body[:MAX_RESPONSE_BYTES]))


@asynccontextmanager
async def open_client(allow: Sequence[Network], *, max_connections: int = 100) -> AsyncIterator[OutgoingClient]:
    """A client for many requests; `allow` are the networks permitted beside the public internet."""
    pool = httpcore.AsyncConnectionPool(
        ssl_context=tls_context(),
        max_connections=max_connections,
        keepalive_expiry=5.0,
        http1=True,
        http2=False,
        retries=0,
        network_backend=CheckedBackend(allow),
    )
    async with pool:
        yield OutgoingClient(pool, allow)


async def send_request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    deadline_seconds: float = 10.0,
    allow: Sequence[Network],
) -> OutgoingResponse:
    """`OutgoingClient.send_request` over a connection of its own."""
    async with open_client(allow, max_connections=1) as client:
        return await client.send_request(method, url, headers=headers, body=body, deadline_seconds=deadline_seconds)


def describe_failure(error: BaseException) -> str:
    """One line an operator understands, drawn only from the kind of failure: messages may quote the URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {(cause.reason or 'handshake failed').replace('_', ' ').lower()}"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ConnectionResetError):
            return "connection reset"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore.ConnectError):
        return "could not connect"
    if isinstance(error, httpcore.RemoteProtocolError):
        return "the answer is not HTTP or was cut off"
    return "the connection broke"


def _build_request(method: str, target: Target, headers: Mapping[str, str], body: bytes) -> httpcore.Request:
    default_port = 443 if target.scheme == "https" else 80
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = {
        "Host": host if target.port == default_port else f"{host}:{target.port}",
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",
        "Content-Length": str(len(body)),
        **headers,
    }
    url = httpcore.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode("ascii")
    )
    try:
        encoded = [(name.encode("ascii"), value.encode("latin-1")) for name, value in lines.items()]
    except UnicodeEncodeError:
        raise OutgoingRefused("a header of the request is not Latin-1") from None
    return httpcore.Request(method, url, headers=encoded, content=body)


@asynccontextmanager
async def _closing(response: httpcore.Response) -> AsyncIterator[httpcore.Response]:
    try:
        yield response
    finally:
        await response.aclose()
