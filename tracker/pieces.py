"""Bytes in pieces that are worth sending: not line by line, and never all at once."""

from collections.abc import Iterable, Iterator

PIECE_BYTES = 64 * 1024


def gather_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of at least PIECE_BYTES each, but for the last one."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
