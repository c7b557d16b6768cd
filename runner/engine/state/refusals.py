"""What is said of a state that cannot be used, and what a person can do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.model.errors import StateCorrupt, StateError, StateLocked


@contextmanager
def told(file: Path) -> Iterator[None]:
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


def unreadable(file: Path, error: Exception) -> StateCorrupt:
    """What is said of a row that this runner cannot read."""
    return StateCorrupt(
        f"{file} holds what cannot be read: {error}",
        "restore a copy of it and of the folder .blobs beside it, or upgrade runner; nothing was changed",
    )


def unusable(file: Path, error: sqlite3.Error) -> StateError:
    """What is said of a file that SQLite refuses, and what to do about it."""
    match code(error):
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
    match code(error):
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return "mend the permissions of the file and of its folder, then run the same command again"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return "put it aside and restore a copy, then run the same command again"
    return "make room on its disk, or mend it, then run the same command again"


def code(error: BaseException) -> int:
    """SQLite's primary code, 0 where it is none of SQLite's."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
