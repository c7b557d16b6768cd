"""The journal's file: its tables, their version, and how a file is told to be ours.

Source of the pragmas: https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html#pragma_synchronous
(WAL with FULL syncs the log at each commit, so that a commit that returned survives a power loss).
"""

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

from runner.engine.codec import Blobs, Codec
from runner.engine.files import sync_folder
from runner.model.errors import StateCorrupt, StateForeign, StateNewer
from runner.model.state import State

VERSION = 1
APPLICATION = 0x72756E72  # "runr", so that a foreign SQLite file is told from ours

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL,
    address TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX events_by_address ON events (address, seq);
CREATE TABLE instances (address TEXT PRIMARY KEY, phase TEXT NOT NULL, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE groups (address TEXT PRIMARY KEY, closed INTEGER NOT NULL, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, address TEXT NOT NULL, verb TEXT NOT NULL, argument TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0
);
"""


def blobs_beside(file: Path) -> Path:
    """The folder of large pieces that belongs to a journal."""
    return file.with_name(file.name + ".blobs")


def create_or_check(connection: sqlite3.Connection, file: Path, name: str) -> str:
    """Make the tables of a new file, or check that an old one is ours and belongs to `name`; returns its lineage.

    Raises StateCorrupt, StateNewer or StateForeign; a file that is not understood is never written to.
    """
    try:
        application = _application(connection)
        if application == 0 and _is_empty(connection):
            return _create(connection, name)
        if application != APPLICATION:
            raise StateCorrupt(
                f"{file} is a database, but not a journal of runner", "choose another file with state:"
            )
        connection.execute("PRAGMA synchronous=FULL")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise StateNewer(
                f"{file} was written by a newer runner (version {version} of the journal; this one knows {VERSION})",
                "upgrade runner",
            )
        held = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    except sqlite3.DatabaseError as error:
        raise StateCorrupt(
            f"{file} cannot be read as a journal: {error}",
            "put it aside and restore a copy; nothing was changed",
        ) from error
    if held.get("name") != name:
        raise StateForeign(
            f"{file} is the state of {held.get('name')!r}, and this manifest is {name!r}",
            "give this manifest a state: of its own, or its former name",
        )
    return str(held["lineage"])


def _application(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _is_empty(connection: sqlite3.Connection) -> bool:
    found: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return found == 0


def _create(connection: sqlite3.Connection, name: str) -> str:
    lineage = secrets.token_hex(16)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta (key, value) VALUES (?, ?)", [("name", name), ("lineage", lineage)]
        )
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={VERSION}")
    return lineage


def connect(file: Path) -> sqlite3.Connection:
    """A connection for the writer: WAL, FULL, a file that only its owner reads. Raises StateCorrupt."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            sync_folder(file.parent)  # its name survives a power loss, and so does its folder's
            with contextlib.suppress(PermissionError):
                sync_folder(file.parent.parent)
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)
    except (OSError, sqlite3.Error) as error:
        raise StateCorrupt(
            f"{file} cannot be opened: {error}", "check the folder and its permissions"
        ) from error
    return connection


def load_state(connection: sqlite3.Connection, file: Path, name: str, lineage: str) -> State:
    """The materialised state as one snapshot."""
    codec = Codec(Blobs(blobs_beside(file)))
    connection.execute("BEGIN")
    try:
        sequence = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        instances = {
            address: codec.decode_instance(data)
            for address, data in connection.execute("SELECT address, data FROM instances")
        }
        groups = {
            address: codec.decode_group(data)
            for address, data in connection.execute("SELECT address, data FROM groups WHERE closed = 0")
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateCorrupt(
            f"{file} holds what cannot be read: {error}",
            "restore a copy of it and of the folder .blobs beside it, or upgrade runner; nothing was changed",
        ) from error
    finally:
        connection.execute("COMMIT")
    return State(name=name, lineage=lineage, sequence=sequence, instances=instances, groups=groups)


def read_state(file: Path, name: str) -> State:
    """A snapshot without the lock; an absent file is an empty state. Raises StateError."""
    if not file.exists() or file.stat().st_size == 0:
        return State(name=name)
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10
    )
    try:
        if _application(connection) == 0 and _is_empty(connection):
            return State(name=name)  # whoever began to make it was cut short
        lineage = create_or_check(connection, file, name)
        return load_state(connection, file, name, lineage)
    except sqlite3.DatabaseError as error:
        raise StateCorrupt(f"{file} cannot be read: {error}", "put it aside and restore a copy") from error
    finally:
        connection.close()


def read_events(file: Path, address: str) -> list[tuple[int, str, str, str]]:
    """The history of one address: (number, time, kind, JSON data), oldest first."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return list(
            connection.execute(
                "SELECT seq, at, kind, data FROM events WHERE address = ? ORDER BY seq", (address,)
            )
        )
    finally:
        connection.close()
