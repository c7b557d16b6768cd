"""The state in an SQLite file, locked and open for writing.

A statement writes many rows at once. Between two statements Python's lock changes hands, and while the event loop is
busy each such change may cost more than the row.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from runner.engine.state.codec import Blobs
from runner.engine.state.columns import NAMES
from runner.engine.state.keeping import Rows
from runner.engine.state.lock import Holder, Lock
from runner.engine.state.refusals import way_out
from runner.engine.state.store import blobs_beside, open_store, reading
from runner.model.state import State

MOST_ROWS = 32
"""Rows of one statement. SQLite takes far more values; Python keeps so many statements ready."""

_INSTANCES = f"INSERT OR REPLACE INTO instances (address, phase, data, {', '.join(NAMES)}) VALUES"


class SqliteStore:
    """A `Store` in a file. Use `open_sqlite`."""

    def __init__(
        self, file: Path, connection: sqlite3.Connection, lock: Lock, former_holder: Holder | None
    ) -> None:
        self.place = file
        self.former_holder = former_holder
        self.pieces = Blobs(blobs_beside(file))
        self.connection = connection
        self._lock = lock

    def write(self, rows: Rows) -> None:
        """One transaction, synced when it returns."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self._insert("INSERT INTO events (at, run, kind, address, data) VALUES", rows.events)
            if rows.gone:
                self.connection.executemany(
                    "DELETE FROM instances WHERE address = ?", [(address,) for address in rows.gone]
                )
            self._insert(_INSTANCES, rows.instances)
            self._insert("INSERT OR REPLACE INTO groups (address, closed, data) VALUES", rows.groups)
            for seq in rows.taken:
                self.connection.execute("UPDATE inbox SET taken = 1 WHERE seq = ?", (seq,))
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise

    def holds(self) -> bool:
        """Always: the kernel lets go of the lock when the process dies, and no sooner."""
        return True

    def renew(self) -> None:
        """Nothing: the lock has no end."""

    def inherit(self, lineage: str) -> None:
        """Be the state of this lineage."""
        self.connection.execute("UPDATE meta SET value = ? WHERE key = 'lineage'", (lineage,))

    def leave_for(self, place: str) -> None:
        """Refuse whoever comes from now on, and name the place where the state is."""
        self.connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('moved', ?)", (place,))

    def read_inbox(self) -> list[tuple[int, str, str, str]]:
        """Words that were left and not taken in yet."""
        with reading(self.place) as connection:
            return connection.execute(
                "SELECT seq, address, verb, argument FROM inbox WHERE taken = 0 ORDER BY seq"
            ).fetchall()

    def group_known(self, address: str) -> bool:
        """Whether a bulk request of this name was ever recorded."""
        with reading(self.place) as connection:
            found = connection.execute("SELECT 1 FROM groups WHERE address = ?", (address,)).fetchone()
        return found is not None

    def way_out(self, error: BaseException) -> str:
        """What a person can do about a disk that refuses."""
        return way_out(error)

    def close(self) -> None:
        """Close the file and let go of its lock."""
        with contextlib.suppress(sqlite3.Error):  # a full disk may refuse the checkpoint; the log holds all
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()
        self._lock.release()

    def _insert(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        for first in range(0, len(rows), MOST_ROWS):
            some = rows[first : first + MOST_ROWS]
            values = [value for row in some for value in row]
            self.connection.execute(f"{statement} {_holes(len(some[0]), len(some))}", values)


def open_sqlite(
    file: Path, name: str, holder: Holder, lock_timeout: float, waiting: Callable[[str], None] | None
) -> tuple[SqliteStore, State]:
    """Lock and open the file, making it when there is none. Raises StateError."""
    lock = Lock(file)
    former = lock.take(holder, lock_timeout, waiting=waiting)
    try:
        connection, state = open_store(file, name)
    except BaseException:
        lock.release()
        raise
    return SqliteStore(file, connection, lock, former), state


@lru_cache(maxsize=256)
def _holes(columns: int, rows: int) -> str:
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)
