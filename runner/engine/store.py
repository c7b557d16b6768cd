"""The journal's file: its tables, their version, and how a file is told to be ours.

Source of the pragmas: https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html#pragma_synchronous
(WAL with FULL syncs the log at each commit, so that a commit that returned survives a power loss).
"""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.engine.codec import Blobs, Codec
from runner.engine.files import sync_folder
from runner.model.errors import StateCorrupt, StateError, StateForeign, StateLocked, StateNewer
from runner.model.state import State

VERSION = 1
PATIENCE = 10.0
"""Seconds that a connection waits for the short write of another."""
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


def open_store(file: Path, name: str) -> tuple[sqlite3.Connection, State]:
    """The writer's connection (WAL, FULL) and the state of the manifest `name`, which is made when there is none.

    Raises StateError: a file that is not understood is told of and never written to. Needs the lock.
    """
    with _told(file):
        if not _stands(file):
            _make(file, name)
    state = read_state(file, name)
    with _told(file):
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
        except BaseException:
            connection.close()
            raise
    return connection, state


def read_state(file: Path, name: str) -> State:
    """A snapshot without the lock; an absent file is an empty state. Raises StateError."""
    with _told(file):
        if not _stands(file):
            return State(name=name)
    with reading(file) as connection:
        lineage = _check(connection, file, name)
        return _load(connection, file, name, lineage)


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
    with _told(file):
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
        if _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or _size(_log(file)):
            raise
    except sqlite3.Error:
        connection.close()
        raise
    return sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)


@contextmanager
def writing(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one small change beside whoever holds the lock. Raises StateError."""
    with _told(file):
        address = f"{file.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection
        finally:
            connection.close()


def _stands(file: Path) -> bool:
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


def _check(connection: sqlite3.Connection, file: Path, name: str) -> str:
    """The lineage of a file that is ours and belongs to `name`. Raises StateError."""
    if int(connection.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION:
        raise StateCorrupt(
            f"{file} is a database, but not a journal of runner", "choose another file with state:"
        )
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
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
    return str(held["lineage"])


def _load(connection: sqlite3.Connection, file: Path, name: str, lineage: str) -> State:
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
    return State(name=name, lineage=lineage, sequence=sequence, instances=instances, groups=groups)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Whatever SQLite or the disk refuses, as a StateError with a way out."""
    try:
        yield
    except StateError:
        raise
    except sqlite3.Error as error:
        raise unusable(file, error) from error
    except OSError as error:
        raise StateCorrupt(
            f"{file} cannot be opened: {error.strerror or error}",
            "check its folder, the permissions and the room on its disk",
        ) from error


def unusable(file: Path, error: sqlite3.Error) -> StateError:
    """What is said of a file that SQLite refuses, and what to do about it."""
    match _code(error):
        case sqlite3.SQLITE_BUSY:
            return StateLocked(
                f"{file} is kept locked by another program", "end that program, then try again"
            )
        case sqlite3.SQLITE_NOTADB:
            return StateCorrupt(
                f"{file} is not a journal of runner: {error}", "choose another file with state:"
            )
        case sqlite3.SQLITE_CORRUPT | 0:
            return StateCorrupt(
                f"{file} is damaged: {error}",
                "put it aside and restore a copy, or begin anew and take over what exists there with `runner import`;"
                " nothing was changed",
            )
    return StateCorrupt(f"{file} cannot be used: {error}", way_out(error))


def way_out(error: BaseException) -> str:
    """What a person can do about a disk or a file that refuses."""
    match _code(error):
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return "mend the permissions of the file and of its folder, then run the same command again"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return "put it aside and restore a copy, then run the same command again"
    return "make room on its disk, or mend it, then run the same command again"


def _code(error: BaseException) -> int:
    """SQLite's primary code, 0 where it is none of SQLite's."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
