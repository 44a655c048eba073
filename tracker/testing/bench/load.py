"""Many requests at once from one asyncio process, over kept connections where the server keeps them."""

import asyncio
import time
from collections.abc import Mapping

READ_LIMIT = 1024 * 1024


def measure_rate(port: int, path: str, headers: Mapping[str, str], *, seconds: float, connections: int = 8) -> float:
    """Answered requests a second.

    Raises:
        RuntimeError: an answer was not 200.
    """
    fields = {"Host": f"127.0.0.1:{port}", **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return asyncio.run(_measure(port, ("\r\n".join(lines) + "\r\n\r\n").encode(), seconds, connections))


async def _measure(port: int, request: bytes, seconds: float, connections: int) -> float:
    stop_at = time.monotonic() + seconds
    start = time.monotonic()
    counts = await asyncio.gather(*(_ask(port, request, stop_at) for _ in range(connections)))
    return sum(counts) / (time.monotonic() - start)


async def _ask(port: int, request: bytes, stop_at: float) -> int:
    count = 0
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while time.monotonic() < stop_at:
        reader, writer = streams = streams or await asyncio.open_connection("127.0.0.1", port, limit=READ_LIMIT)
        writer.write(request)
        if not await _read_answer(reader):
            writer.close()
            streams = None
        count += 1
    if streams is not None:
        streams[1].close()
    return count


async def _read_answer(reader: asyncio.StreamReader) -> bool:
    """Reads one answer; whether the connection may be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"The server answered {head.splitlines()[0].decode()}.")
    if b"content-length:" in head:
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
    else:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    return b"connection: close" not in head
