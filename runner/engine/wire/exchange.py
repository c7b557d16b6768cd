"""One request and its answer, as aiohttp does not see it by itself: what left, sent once, and bounded in each phase."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from runner.model.http import Upload

CHUNK = 256 * 1024
"""Bytes of a body that are written, and of an answer that are read, at a time."""

SMALL = 64 * 1024
"""A body up to this many bytes goes into buffers at once: writing it cannot stall."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to get a connection, for a piece of a body to be taken (CHUNK), between two pieces of an answer, and for
    a whole answer once the body has been sent."""

    connect: float = 15.0
    write: float = 120.0
    read: float = 120.0
    total: float = 900.0


class Exchange:
    """What is known of one request while it is under way. `leaving` is called right before its first byte,
    and `guard` before that: what it raises keeps the request from going."""

    __slots__ = ("_bound", "_guard", "_leaving", "_timeouts", "_writing", "left")

    def __init__(
        self,
        timeouts: Timeouts,
        leaving: Callable[[], None] | None = None,
        guard: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.left = False
        self._guard = guard
        self._timeouts = timeouts
        self._leaving = leaving
        self._writing = False
        self._bound: asyncio.Timeout | None = None

    @asynccontextmanager
    async def bounded(self, body: Sequence[bytes | Upload]) -> AsyncIterator[None]:
        """Raises TimeoutError when a phase takes too long: aiohttp bounds connecting and silence, not writing."""
        limits = self._timeouts
        self._writing = not self.whole(body)
        first = limits.connect + (limits.write if self._writing else limits.total)
        try:
            async with asyncio.timeout(first) as bound:
                self._bound = bound
                yield
        finally:
            self._bound = None

    @staticmethod
    def whole(body: Sequence[bytes | Upload]) -> bool:
        """Whether a body is so small that it is handed over in one piece."""
        size = 0
        for piece in body:
            if isinstance(piece, Upload):
                return False
            size += len(piece)
        return size <= SMALL

    async def handed(self) -> None:
        """A connection, new or kept alive, was handed to the request: from here on everything may have left."""
        if self._guard is not None:
            await self._guard()
        self.left = True
        if self._leaving is not None:
            self._leaving()

    def writes(self) -> None:
        """A piece of the body is about to be written: the one before it was taken."""
        self._within(self._timeouts.write)

    def wrote(self) -> None:
        """The last piece was taken: what follows is the answer."""
        self._writing = False
        self._within(self._timeouts.total)

    def late(self) -> str:
        """What took too long, in words."""
        if not self.left:
            return "no connection in time"
        return "the request was not taken in time" if self._writing else "no answer in time"

    def _within(self, seconds: float) -> None:
        if self._bound is not None and not self._bound.expired():
            self._bound.reschedule(asyncio.get_running_loop().time() + seconds)


async def once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A middleware that keeps aiohttp from sending a request a second time.

    It repeats GET, PUT and DELETE after the two errors that a dead kept-alive connection shows; under another class of
    error they are nobody's reason to repeat.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:  # no connection came about, which aiohttp never repeats
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Broken from error


class Broken(aiohttp.ClientError):
    """A connection that was handed over broke; the cause tells how."""


def trace() -> aiohttp.TraceConfig:
    """Hooks that tell an `Exchange` when a connection was handed over."""
    made = aiohttp.TraceConfig()

    async def handed(_: aiohttp.ClientSession, context: Any, __: Any) -> None:
        exchange: Exchange | None = context.trace_request_ctx
        if exchange is not None:
            await exchange.handed()

    made.on_connection_create_end.append(handed)
    made.on_connection_reuseconn.append(handed)
    return made
