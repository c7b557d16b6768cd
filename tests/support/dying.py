"""A `runner` command in a process that dies, really and without any cleanup, at the k-th point where that can matter.

The points are met from outside the product: SQLite's commits, what is written to and read from sockets for a call with
an effect, and the durable steps of files. Nothing is replaced by anything else: each wrapper does what was asked, and
counts. The names of the points are written down as they pass, so that a test can hold that none of them went missing.
"""

import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MUTE = "points"
"""The file, in the manifest's folder, in which the passed points stand."""

_CHANGING = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")
_WRITES = ("INSERT", "UPDATE", "DELETE")


class Points:
    """Counts, and dies at the `at`-th; 0: never."""

    def __init__(self, at: int, log: Path) -> None:
        self._at = at
        self._passed = 0
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._lock = threading.Lock()

    def __call__(self, kind: str, size: int = 0) -> None:
        """`size`: how many bytes of the journal's log are on the disk by now."""
        with self._lock:
            self._passed += 1
            os.write(self._log, f"{kind}\t{size}\n".encode())
            if self._passed == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
                threading.Event().wait()  # nothing happens any more between the signal and the end


def die_within(words: Sequence[str], folder: str, at: int, env: Mapping[str, str] | None = None) -> None:
    """The body of a process: `runner WORDS…` in `folder`, dead at point `at`; else its exit code is the command's."""
    os.chdir(folder)
    os.environ.update(env or {})
    out = os.open("apply.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ["NO_COLOR"] = "1"
    meet(Points(at, Path(folder) / MUTE))
    from runner.cli.main import run

    os._exit(run(list(words)))


def meet(point: Points) -> None:
    """From now on this process tells `point` where it stands."""
    _meet_commits(point)
    if "RUNNER_STATE" in os.environ:
        _meet_transactions(point)
    _meet_sockets(point)
    _meet_files(point)


def _meet_commits(point: Points) -> None:
    class Watched(sqlite3.Connection):
        """Tells of every commit that makes a difference."""

        _changes = 0

        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            word = sql.lstrip()[:6].upper()
            alone = word in _WRITES and not self.in_transaction
            if not alone and (word != "COMMIT" or self.total_changes == self._changes):
                return super().execute(sql, *more)
            point("commit: before")
            done = super().execute(sql, *more)
            self._changes = self.total_changes
            point("commit: durable", self._size())
            return done

        def _size(self) -> int:
            file = super().execute("PRAGMA database_list").fetchone()[2]
            return os.stat(f"{file}-wal").st_size if os.path.exists(f"{file}-wal") else 0

        def commit(self) -> None:
            if self.total_changes == self._changes:
                return super().commit()
            point("commit: before")
            super().commit()
            self._changes = self.total_changes
            point("commit: durable", self._size())
            return None

        def __exit__(self, *how: Any) -> Any:
            point("tables: before")
            done = super().__exit__(*how)
            self._changes = self.total_changes
            point("tables: durable")
            return done

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **more: connect(*args, **{"factory": Watched, **more})  # type: ignore[assignment]


def _meet_transactions(point: Points) -> None:
    """The same of a state in PostgreSQL."""
    import psycopg

    plain = psycopg.Connection.transaction

    @contextmanager
    def transaction(self: Any, *args: Any, **more: Any) -> Iterator[Any]:
        with plain(self, *args, **more) as made:
            yield made
            point("transaction: before")
        point("transaction: durable")

    psycopg.Connection.transaction = transaction  # type: ignore[method-assign]


def _meet_sockets(point: Points) -> None:
    """A call with an effect: before its first byte, after each piece that left, and when its answer has come."""
    asking: set[int] = set()

    def told(name: str) -> Any:
        plain = getattr(socket.socket, name)

        def send(self: socket.socket, data: Any, *more: Any) -> int:
            first = data if isinstance(data, bytes | bytearray | memoryview) else next(iter(data), b"")
            if bytes(first[:8]).startswith(_CHANGING):
                asking.add(self.fileno())
                point("call: before")
            sent: int = plain(self, data, *more)
            if self.fileno() in asking:
                point("call: left")
            return sent

        return send

    plain_recv = socket.socket.recv

    def recv(self: socket.socket, *size: int) -> bytes:
        data = plain_recv(self, *size)
        if self.fileno() in asking:
            asking.discard(self.fileno())
            point("call: answered")
        return data

    for name in ("send", "sendmsg"):
        setattr(socket.socket, name, told(name))
    socket.socket.recv = recv  # type: ignore[method-assign]


def _meet_files(point: Points) -> None:
    replace, fsync = os.replace, os.fsync

    def named(source: Any, target: Any, **more: Any) -> None:
        point("file: before its name")
        replace(source, target, **more)
        point("file: named")

    def synced(handle: Any) -> None:
        fsync(handle)
        point("file: durable")

    os.replace, os.fsync = named, synced
