"""Blocking work beside the event loop: few threads, and one wake-up for all that has ended since the last.

`asyncio.to_thread` copies a context, makes two futures with locks of their own, and wakes the loop for each piece of
work; a thousand small files are six thousand pieces.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 16
"""How many syncs of files may be under way at once: a disk that has to wait waits for all of them together."""

_Piece = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[object, ...]]
_Ended = tuple["asyncio.Future[Any]", Any, BaseException | None]


class Hops:
    """Runs work in threads that are begun when they are needed. Belongs to one event loop; close it."""

    def __init__(self, threads: int = THREADS) -> None:
        self._most = threads
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Piece | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way = 0
        self._gate = threading.Lock()
        self._ended: list[_Ended] = []

    async def run(self, work: Callable[..., T], *words: object) -> T:
        """What `work` returns or raises. It is carried to its end even when nobody waits for it any more."""
        made: T = await self._put(work, words)
        return made

    async def run_out(self, work: Callable[..., T], *words: object) -> T:
        """The same, waited for even by one who is cancelled."""
        future = self._put(work, words)
        try:
            made: T = await asyncio.shield(future)
        except asyncio.CancelledError:
            if not future.done():
                await asyncio.wait([future])
            if not future.cancelled():
                future.exception()  # nobody is left to be told
            raise
        return made

    async def close(self) -> None:
        """Wait for what is under way, and end the threads."""
        threads, self._threads = self._threads, []
        for _ in threads:
            self._queue.put(None)
        if threads:
            await asyncio.to_thread(_join, threads)

    def leave(self) -> None:
        """End the threads as soon as what they carry has ended, and wait for none of them."""
        threads, self._threads = self._threads, []
        for _ in threads:
            self._queue.put(None)

    def _put(self, work: Callable[..., Any], words: tuple[object, ...]) -> "asyncio.Future[Any]":
        future = self._loop.create_future()
        self._under_way += 1
        if len(self._threads) < min(self._under_way, self._most):
            thread = threading.Thread(target=self._carry, name="hops", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._queue.put((future, work, words))
        return future

    def _carry(self) -> None:
        while (piece := self._queue.get()) is not None:
            future, work, words = piece
            try:
                ended: _Ended = (future, work(*words), None)
            except BaseException as error:  # noqa: BLE001 — whatever it is, it is told to whoever waits
                ended = (future, None, error)
            with self._gate:
                self._ended.append(ended)
                first = len(self._ended) == 1
            if first:
                with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits
                    self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        with self._gate:
            ended, self._ended = self._ended, []
        self._under_way -= len(ended)
        for future, made, error in ended:
            if future.done():
                continue
            if error is None:
                future.set_result(made)
            else:
                future.set_exception(error)


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
