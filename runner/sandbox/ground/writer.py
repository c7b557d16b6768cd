"""Group commit: a thread that makes many small writes durable with one fsync."""

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

Statement = tuple[str, Sequence[object]]


class Writer:
    """Writes statements in the order in which they come; those of one step of the event loop all or none.
    Everything but the commits happens on one event loop.

    Statements that wait while a commit runs share the next one, so that the number of fsyncs follows the disk
    and not the number of requests.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[list[Statement] | None] = queue.SimpleQueue()
        self._step: list[Statement] = []
        self._written = 0
        self._committed = 0
        self._failure: Exception | None = None
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="sandbox-writer", daemon=True)
        self._thread.start()

    def write(self, statement: str, *values: object) -> None:
        """Hands a statement over; it is durable once `settled` has returned."""
        self._written += 1
        self._step.append((statement, values))
        if len(self._step) == 1:
            with suppress(RuntimeError):  # before the loop runs, `settled` or `close` hands it over
                asyncio.get_running_loop().call_soon(self._hand_over)

    async def settled(self) -> None:
        """Returns when all that was written so far is durable. Raises what made the disk refuse it."""
        self._hand_over()
        if self._failure is not None:
            raise self._failure
        if self._committed >= self._written:
            return
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((self._written, future))
        if self._committed >= self._written or self._failure is not None:
            self._wake()
        await future

    def close(self) -> None:
        """Commits the rest and ends the thread."""
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        if self._step:
            self._queue.put(self._step)
            self._step = []

    def _wake(self) -> None:
        while self._waiting and (self._waiting[0][0] <= self._committed or self._failure is not None):
            future = self._waiting.popleft()[1]
            if future.done():
                continue
            if self._failure is not None:
                future.set_exception(self._failure)
            else:
                future.set_result(None)

    def _work(self) -> None:
        going_on = True
        while going_on:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            going_on = batch[-1] is not None
            self._commit([statement for step in batch if step is not None for statement in step])

    def _commit(self, batch: Sequence[Statement]) -> None:
        try:
            if self._failure is None and batch:
                self._connection.execute("BEGIN")
                for statement, values in batch:
                    self._connection.execute(statement, values)
                self._connection.execute("COMMIT")
                self._committed += len(batch)
        except (sqlite3.Error, ValueError, TypeError) as failure:
            self._failure = failure
        if self._loop is not None and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:
                self._loop = None  # closed in between: nobody waits any more
