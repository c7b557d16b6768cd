"""The journal's file: its tables, their version, and how a file is told to be ours.

Source of the pragmas: https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html#pragma_synchronous
(WAL with FULL syncs the log at each commit, so that a commit that returned survives a power loss).
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner.engine.state.columns import DEFINED, INDEX, add_columns
from runner.engine.state.refusals import code, told, unreadable
from runner.model.errors import StateCorrupt, StateForeign, StateNewer

if TYPE_CHECKING:
    from runner.model.state import InstanceState, State

VERSION = 2
WITH_COLUMNS = 2
"""The version from which on instances have the columns of `runner.engine.state.columns`."""
PATIENCE = 10.0
"""Seconds that a connection waits for the short write of another."""
APPLICATION = 0x72756E72  # "runr", so that a foreign SQLite file is told from ours

TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL,
    address TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX events_by_address ON events (address, seq);
CREATE TABLE instances (
    address TEXT PRIMARY KEY, phase TEXT NOT NULL, data TEXT NOT NULL, {", ".join(DEFINED)}
) WITHOUT ROWID;
{INDEX};
CREATE TABLE groups (address TEXT PRIMARY KEY, closed INTEGER NOT NULL, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, address TEXT NOT NULL, verb TEXT NOT NULL, argument TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0
);
"""


def open_store(file: Path, name: str) -> "tuple[sqlite3.Connection, State]":
    """The writer's connection (WAL, FULL) and the state of the manifest `name`, which is made when there is none.

    Raises StateError: a file that is not understood is told of and never written to. Needs the lock.
    """
    with told(file):
        if not stands(file):
            _make(file, name)
    state = read_state(file, name)
    with told(file):
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=PATIENCE,
        )
        try:
            connection.execute("PRAGMA synchronous=FULL")
            # Writes nothing, and tells before anything is planned of a file that may not be written.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE meta SET value = value WHERE key IS NULL")
            connection.execute("ROLLBACK")
            _upgrade(connection)
        except BaseException:
            connection.close()
            raise
    return connection, state


def read_state(file: Path, name: str) -> "State":
    """A snapshot without the lock; an absent file is an empty state. Raises StateError."""
    from runner.model.state import State

    with told(file):
        if not stands(file):
            return State(name=name)
    with reading(file) as connection:
        lineage, _ = checked(connection, file, name)
        return _load(connection, file, name, lineage)


def read_instance(file: Path, name: str, address: str) -> "InstanceState | None":
    """What is known of one address, without reading the others. Raises StateError."""
    with told(file):
        if not stands(file):
            return None
    with reading(file) as connection:
        checked(connection, file, name)
        row = connection.execute("SELECT data FROM instances WHERE address = ?", (address,)).fetchone()
        return _decoded(file, row[0]) if row is not None else None


def read_addresses(file: Path, name: str) -> list[str]:
    """Every address that is known. Raises StateError."""
    with told(file):
        if not stands(file):
            return []
    with reading(file) as connection:
        checked(connection, file, name)
        return [
            address for (address,) in connection.execute("SELECT address FROM instances ORDER BY address")
        ]


def read_events(file: Path, address: str) -> list[tuple[int, str, str, str]]:
    """The history of one address: (number, time, kind, JSON data), oldest first. Raises StateError."""
    with reading(file) as connection:
        return list(
            connection.execute(
                "SELECT seq, at, kind, data FROM events WHERE address = ? ORDER BY seq", (address,)
            )
        )


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, beside whoever writes. Raises StateError for whatever goes wrong with it."""
    with told(file):
        connection = _reader(file)
        try:
            yield connection
        finally:
            connection.close()


def blobs_beside(file: Path) -> Path:
    """The folder of large pieces that belongs to a journal."""
    return file.with_name(file.name + ".blobs")


def _reader(file: Path) -> sqlite3.Connection:
    address = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE)
    try:
        connection.execute("PRAGMA schema_version")
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        # In a folder that may not be written SQLite cannot put its index beside the file; without a log none is needed.
        if code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or _size(_log(file)):
            raise
    except sqlite3.Error:
        connection.close()
        raise
    return sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)


def stands(file: Path) -> bool:
    """Whether there is a state; raises StateCorrupt where one was, and its place looks empty now."""
    if file.is_symlink() and not file.exists():
        raise StateCorrupt(
            f"{file} leads to {file.readlink()}, which is not there", "mount it, or mend the link"
        )
    if not file.exists():
        if _size(_log(file)):
            raise StateCorrupt(
                f"{file} has gone, and {_log(file).name} beside it holds a part of it",
                "restore it, or put that part aside to begin anew",
            )
        return False
    if file.is_file() and not _size(file):
        raise StateCorrupt(
            f"{file} is empty: what it held has been cut off",
            "restore a copy of it, or remove it to begin anew",
        )
    return True


def _log(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _make(file: Path, name: str) -> None:
    """A new state, which gets its name when it is whole: an empty file is never one that was just begun."""
    import secrets

    from runner.engine.machine.files import sync_folder

    part = file.with_name(file.name + ".new")
    file.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(part, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=FULL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES.split(";"):
                if statement.strip():
                    connection.execute(statement)
            made = [("name", name), ("lineage", secrets.token_hex(16))]
            connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", made)
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    os.replace(part, file)
    sync_folder(file.parent)  # its name survives a power loss, and so does its folder's
    with contextlib.suppress(PermissionError):
        sync_folder(file.parent.parent)


def _upgrade(connection: sqlite3.Connection) -> None:
    """Brings a file of an older runner to this version, whole or not at all."""
    if _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        add_columns(connection)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # what broke the change may have ended it
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def checked(connection: sqlite3.Connection, file: Path, name: str) -> tuple[str, int]:
    """The lineage and the version of a file that is ours and belongs to `name`. Raises StateError."""
    if int(connection.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION:
        raise StateCorrupt(
            f"{file} is a database, but not a journal of runner", "choose another file with state:"
        )
    version = _version(connection)
    if version > VERSION:
        raise StateNewer(
            f"{file} was written by a newer runner (version {version} of the journal; this one knows {VERSION})",
            "upgrade runner",
        )
    held = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    if held.get("name") != name:
        raise StateForeign(
            f"{file} is the state of {held.get('name')!r}, and this manifest is {name!r}",
            "give this manifest a state: of its own, or its former name",
        )
    if held.get("moved"):
        raise StateForeign(f"{file} was moved to {held['moved']}", "name that place in state:")
    return str(held["lineage"]), version


def _load(connection: sqlite3.Connection, file: Path, name: str, lineage: str) -> "State":
    """The materialised state as one snapshot."""
    from runner.engine.state.codec import Blobs, Codec
    from runner.model.state import State

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
        raise unreadable(file, error) from error
    return State(name=name, lineage=lineage, sequence=sequence, instances=instances, groups=groups)


def _decoded(file: Path, data: str) -> "InstanceState":
    from runner.engine.state.codec import Blobs, Codec

    try:
        return Codec(Blobs(blobs_beside(file))).decode_instance(data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise unreadable(file, error) from error
