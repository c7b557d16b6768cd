"""Commits: rows that share one transaction, written by one thread in the order in which they came.

A statement writes many rows at once. Between two statements Python's lock changes hands, and while the event loop is
busy each such change may cost more than the row.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from queue import SimpleQueue
from typing import Any

from runner.engine.codec import Codec
from runner.engine.columns import NAMES, columns
from runner.model.event import Event
from runner.model.state import GroupState, InstanceState

MOST_ROWS = 32
"""Rows of one statement. SQLite takes far more values; Python keeps so many statements ready."""


_INSTANCES = f"INSERT OR REPLACE INTO instances (address, phase, data, {', '.join(NAMES)}) VALUES"


@dataclass(slots=True)
class Batch:
    """Rows that share one commit, and who waits for it. The last row of an address wins. `intents` are the texts of
    intents that were encoded for their events already."""

    events: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    instances: dict[str, InstanceState | None] = field(default_factory=dict)
    groups: dict[str, GroupState] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    intents: dict[str, tuple[Event, str]] = field(default_factory=dict)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class Committer:
    """Owns the connection's transactions. `told` is called in its thread after each batch; `failure` says why nothing
    more is written."""

    def __init__(self, connection: sqlite3.Connection, codec: Codec, told: Callable[[Batch], None]) -> None:
        self.commits = 0
        self.failure: BaseException | None = None
        self._connection = connection
        self._codec = codec
        self._told = told
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Write a batch when those before it have been written."""
        self._queue.put(batch)

    def close(self) -> None:
        """Write what was put, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            if self.failure is None and (batch.events or batch.taken):
                self._commit(batch)
            self._told(batch)

    def _commit(self, batch: Batch) -> None:
        try:
            instances = list(self._instances(batch))
            groups = [(a, int(g.closed), self._codec.encode_group(g)) for a, g in batch.groups.items()]
            gone = [(address,) for address, instance in batch.instances.items() if instance is None]
            self._connection.execute("BEGIN IMMEDIATE")
            self._write("INSERT INTO events (at, run, kind, address, data) VALUES", batch.events)
            if gone:
                self._connection.executemany("DELETE FROM instances WHERE address = ?", gone)
            self._write(_INSTANCES, instances)
            self._write("INSERT OR REPLACE INTO groups (address, closed, data) VALUES", groups)
            for seq in batch.taken:
                self._connection.execute("UPDATE inbox SET taken = 1 WHERE seq = ?", (seq,))
            self._connection.execute("COMMIT")
            self.commits += 1
        except Exception as error:  # noqa: BLE001 — a writer that died silently would let everybody wait for ever
            # Whatever could not be written must not be believed: every waiter is told, and nothing more is accepted.
            self.failure = error
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _instances(self, batch: Batch) -> Iterator[tuple[Any, ...]]:
        for address, instance in batch.instances.items():
            if instance is None:
                continue
            intent, text = batch.intents.get(address, (None, ""))
            known = text if instance.intent is not None and instance.intent is intent else ""
            data = self._codec.encode_instance(instance, known)
            yield (address, instance.phase.value, data, *columns(instance))

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        for first in range(0, len(rows), MOST_ROWS):
            some = rows[first : first + MOST_ROWS]
            values = [value for row in some for value in row]
            self._connection.execute(f"{statement} {_holes(len(some[0]), len(some))}", values)


@lru_cache(maxsize=256)
def _holes(columns: int, rows: int) -> str:
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)
