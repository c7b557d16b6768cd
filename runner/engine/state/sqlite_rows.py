"""Rows of a state's file, beside whoever writes it: its history, and words for its holder."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.engine.state.columns import NAMES
from runner.engine.state.refusals import told
from runner.engine.state.store import PATIENCE, blobs_beside, checked, reading, stands


def read_history(
    file: Path, name: str, kinds: Sequence[str] = (), until: int | None = None
) -> list[tuple[str, str, str, str]]:
    """Every event, or those of some kinds, or up to a number: (time, kind, address, JSON data), oldest first. Raises
    StateError."""
    with told(file):
        if not stands(file):
            return []
    which = ["seq <= ?"] if until is not None else []
    which += [f"kind IN ({', '.join('?' * len(kinds))})"] if kinds else []
    values = [*([until] if until is not None else []), *kinds]
    where = f"WHERE {' AND '.join(which)}" if which else ""
    with reading(file) as connection:
        checked(connection, file, name)
        query = f"SELECT at, kind, address, data FROM events {where} ORDER BY seq"
        return connection.execute(query, values).fetchall()


def read_rows(file: Path, name: str) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Events, instances, groups, and words not taken in, for those who copy a state. Raises StateError."""
    with reading(file) as connection:
        checked(connection, file, name)
        return (
            connection.execute("SELECT at, run, kind, address, data FROM events ORDER BY seq").fetchall(),
            connection.execute(f"SELECT address, phase, data, {', '.join(NAMES)} FROM instances").fetchall(),
            connection.execute("SELECT address, closed, data FROM groups").fetchall(),
            connection.execute(
                "SELECT address, verb, argument FROM inbox WHERE taken = 0 ORDER BY seq"
            ).fetchall(),
        )


def read_pieces(file: Path) -> dict[str, bytes]:
    """The large pieces beside a state, by digest. Raises StateError."""
    folder = blobs_beside(file)
    with told(file):
        found = [one for one in folder.iterdir() if not one.name.startswith(".")] if folder.is_dir() else []
        return {one.name: one.read_bytes() for one in found}


def moved_away(file: Path, lineage: str) -> bool:
    """Whether this very state stood there and was moved away. Raises StateError."""
    with told(file):
        if not stands(file):
            return False
    with reading(file) as connection:
        held = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    return bool(held.get("moved")) and held.get("lineage") == lineage


def read_words(file: Path, name: str) -> list[tuple[int, str, str, str]]:
    """Words that were left and not taken in: (number, address, verb, argument). Raises StateError."""
    with told(file):
        if not stands(file):
            return []
    with reading(file) as connection:
        checked(connection, file, name)
        return connection.execute(
            "SELECT seq, address, verb, argument FROM inbox WHERE taken = 0 ORDER BY seq"
        ).fetchall()


def leave_words(file: Path, at: str, words: Sequence[tuple[str, str, str]]) -> None:
    """What a person says (address, verb, argument) for whoever holds the state, all of it or nothing; needs no lock.
    Raises StateError."""
    with writing(file) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO inbox (at, address, verb, argument) VALUES (?, ?, ?, ?)",
            [(at, *word) for word in words],
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
