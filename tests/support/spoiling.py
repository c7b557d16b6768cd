"""State files that are not what they should be: each way to spoil one, what it is called, and what is said of it."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spoilt:
    """A way to spoil a file, its name in the fault table, and what the user sees."""

    spoil: Callable[[Path], None]
    title: str
    sees: str


def bytes_beside(file: Path) -> dict[str, bytes]:
    """The state's file, and its log where that holds anything."""
    files = (file, file.with_name(file.name + "-wal"))
    return {one.name: one.read_bytes() for one in files if one.exists() and one.stat().st_size}


def _random(file: Path) -> None:
    file.write_bytes(bytes((7 * place * place + 13 * place) % 251 for place in range(9000)))


def _letter(file: Path) -> None:
    file.write_text("a letter to a friend, and no database\n" * 400)


def _half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _cut_off(file: Path) -> None:
    file.write_bytes(b"")


def _destroyed(file: Path) -> None:
    """The page of the table of instances holds noise."""
    connection = sqlite3.connect(file)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'instances'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with open(file, "r+b") as handle:
        handle.seek((page - 1) * size)
        handle.write(b"\xa5" * size)


def _friends(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE friends (name TEXT)")
    connection.commit()
    connection.close()


def _newer(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version=99")
    connection.close()


def _gone_but_its_log(file: Path) -> None:
    file.unlink()
    file.with_name(file.name + "-wal").write_bytes(b"\x37\x7f\x06\x82" + b"\0" * 4200)


def _broken_text(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("UPDATE instances SET data = CAST(x'7b22ff' AS TEXT)")
    connection.commit()
    connection.close()


SPOILT = (
    Spoilt(
        _random, "The file holds random bytes", "is not a journal of runner: file is not a database — choose"
    ),
    Spoilt(
        _letter, "The file is somebody's text", "is not a journal of runner: file is not a database — choose"
    ),
    Spoilt(_half, "The file was cut in half", "is damaged: database disk image is malformed — put it aside"),
    Spoilt(
        _cut_off,
        "The file was cut off to nothing",
        "is empty: what it held has been cut off — restore a copy",
    ),
    Spoilt(
        _destroyed,
        "A page of the file is destroyed",
        "is damaged: database disk image is malformed — put it aside",
    ),
    Spoilt(_broken_text, "A row of the file is destroyed", "is damaged: … — put it aside and restore a copy"),
    Spoilt(
        _friends,
        "The file is another program's database",
        "is a database, but not a journal of runner — choose another file",
    ),
    Spoilt(
        _newer,
        "A newer runner wrote the file",
        "was written by a newer runner (version 99 … — upgrade runner",
    ),
    Spoilt(
        _gone_but_its_log,
        "The file has gone, its log is left",
        "has gone, and season.sandbox.db-wal beside it holds a part of it — restore it",
    ),
)
