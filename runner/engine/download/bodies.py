"""The body of a download: unpacked a bit at a time, and held to a pace."""

import time
import zlib
from collections.abc import AsyncIterator

from runner.engine.download import ranges
from runner.engine.download.fetches import Bounds, CannotFetch
from runner.engine.machine.files import CHUNK
from runner.engine.wire.transport import Stream

_MEMBER = b"\x1f"
"""What a member of gzip begins with."""


async def unpacked(stream: Stream, name: str) -> AsyncIterator[bytes]:
    """The pieces of a body, unpacked a bit at a time where it came packed although nobody asked for it."""
    coding = ranges.packed(stream.headers)
    if not coding:
        async for piece in stream.pieces:
            yield piece
        return
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise CannotFetch(f"{name}: it came packed as {coding[:20]}, which nobody asked for")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        async for piece in stream.pieces:
            while piece:
                if unpacking.eof:  # gzip may be of several members, one behind the other (RFC 1952, 2.2)
                    if piece[:1] != _MEMBER:
                        break  # padding
                    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
                if found := unpacking.decompress(piece, CHUNK):
                    yield found
                piece = unpacking.unconsumed_tail or unpacking.unused_data
    except zlib.error:
        raise CannotFetch(f"{name}: it came packed, and cannot be unpacked", again=True) from None
    if not unpacking.eof:
        raise CannotFetch(f"{name}: it came packed, and broke off", again=True)


class Pace:
    """Whether enough comes in each stretch of time."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._since = time.monotonic()
        self._came = 0

    def keeps(self, size: int) -> bool:
        self._came += size
        now = time.monotonic()
        if now - self._since < self._bounds.window:
            return True
        enough = self._came >= self._bounds.least
        self._since, self._came = now, 0
        return enough
