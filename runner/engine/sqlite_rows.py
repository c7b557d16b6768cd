"""Rows of a state's file, beside whoever writes it: its history, and words for its holder."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.engine.refusals import told
from runner.engine.store import PATIENCE, checked, reading, stands


def read_history(file: Path, name: str, kind: str = "") -> list[tuple[str, str, str, str]]:
    """Every event, or those of a kind: (time, kind, address, JSON data), oldest first. Raises StateError."""
    with told(file):
        if not stands(file):
            return []
    with reading(file) as connection:
        checked(connection, file, name)
        which, values = ("WHERE kind = ?", (kind,)) if kind else ("", ())
        query = f"SELECT at, kind, address, data FROM events {which} ORDER BY seq"
        return connection.execute(query, values).fetchall()


def leave_word(file: Path, at: str, address: str, verb: str, argument: str) -> None:
    """A person's word for whoever holds the state; needs no lock. Raises StateError."""
    with writing(file) as connection:
        connection.execute(
            "INSERT INTO inbox (at, address, verb, argument) VALUES (?, ?, ?, ?)",
            (at, address, verb, argument),
        )


@contextmanager
def writing(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one small change beside whoever holds the lock. Raises StateError."""
    with told(file):
        address = f"{file.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection
        finally:
            connection.close()
