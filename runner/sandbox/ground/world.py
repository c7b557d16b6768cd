"""The world of the sandbox: what exists on the remote side, what was accepted for payment, and small facts.

Everything is held in memory and written to SQLite behind it. Who answers waits for `settled()` first, so that
nothing that was ever told is forgotten, however the process ends.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from runner.model.errors import StateCorrupt, StateLocked
from runner.sandbox.ground.writer import Writer

T = TypeVar("T")

_TABLES = """
CREATE TABLE IF NOT EXISTS thing (kind TEXT, id TEXT, seq INTEGER, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY, at TEXT, provider TEXT, operation TEXT, name TEXT, id TEXT,
    key TEXT, cost REAL, request TEXT);
"""
_COLUMNS = "seq, at, provider, operation, name, id, key, cost, request"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One accepted piece of paid work. `at` is real time (ISO 8601), `key` the Idempotency-Key, `cost` in the
    provider's own unit (0 where the API tells none), `request` what was asked for."""

    seq: int
    at: str
    provider: str
    operation: str
    name: str
    id: str
    key: str
    cost: float
    request: Any


class Table(Generic[T]):
    """The things of one kind, by id, in the order in which they were made."""

    def __init__(self, kind: str, of: type[T], writer: Writer, next_seq: Callable[[], int]) -> None:
        self.kind = kind
        self._of = of
        self._names = tuple(field.name for field in fields(of))  # type: ignore[arg-type]
        self._things: dict[str, T] = {}
        self._seqs: dict[str, int] = {}
        self._writer = writer
        self._next_seq = next_seq

    def load(self, id: str, seq: int, body: str) -> None:
        """Takes over a thing that was written before."""
        self._things[id] = self._of(**json.loads(body))
        self._seqs[id] = seq

    def get(self, id: str) -> T | None:
        """The thing of this id, if there is one."""
        return self._things.get(id)

    def put(self, id: str, thing: T) -> None:
        """Makes or replaces a thing; a replaced one keeps its place."""
        seq = self._seqs.get(id) or self._next_seq()
        self._seqs[id] = seq
        self._things[id] = thing
        body = json.dumps({name: getattr(thing, name) for name in self._names}, ensure_ascii=False)
        self._writer.write("INSERT OR REPLACE INTO thing VALUES (?, ?, ?, ?)", self.kind, id, seq, body)

    def remove(self, id: str) -> bool:
        """Whether there was such a thing; it is gone now."""
        if self._things.pop(id, None) is None:
            return False
        del self._seqs[id]
        self._writer.write("DELETE FROM thing WHERE kind = ? AND id = ?", self.kind, id)
        return True

    def __iter__(self) -> Iterator[T]:
        return iter(self._things.values())

    def __len__(self) -> int:
        return len(self._things)


class World:
    """Opens the world's file, makes it when it is not there, and keeps everybody else out until `close`.

    Raises StateLocked when another process has it, StateCorrupt when the file cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self._connection = _open(file)
        self.facts: dict[str, Any] = {
            name: json.loads(value)
            for name, value in self._connection.execute("SELECT name, value FROM fact")
        }
        self.ledger = _ledger(self._connection)
        self._tables: dict[str, Table[Any]] = {}
        self._last_seq = self._connection.execute("SELECT COALESCE(MAX(seq), 0) FROM thing").fetchone()[0]
        self._kept: dict[str, list[tuple[str, int, str]]] = {}
        for kind, id, seq, body in self._connection.execute(
            "SELECT kind, id, seq, body FROM thing ORDER BY seq"
        ):
            self._kept.setdefault(kind, []).append((id, seq, body))
        self._writer = Writer(self._connection)

    def table(self, kind: str, of: type[T]) -> Table[T]:
        """The table of a kind; `of` is a dataclass whose fields are JSON values."""
        if kind not in self._tables:
            table = self._tables[kind] = Table(kind, of, self._writer, self._next_seq)
            for id, seq, body in self._kept.pop(kind, ()):
                table.load(id, seq, body)
        return self._tables[kind]

    def tables(self) -> Mapping[str, Table[Any]]:
        """All tables in use."""
        return self._tables

    def set_fact(self, name: str, value: Any) -> None:
        """Keeps a JSON value under a name."""
        self.facts[name] = value
        self._writer.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", name, json.dumps(value))

    def accept(
        self,
        *,
        at: str,
        provider: str,
        operation: str,
        name: str,
        id: str,
        request: Any,
        key: str = "",
        cost: float = 0,
    ) -> None:
        """Writes a row into the ledger."""
        row = LedgerRow(len(self.ledger) + 1, at, provider, operation, name, id, key, cost, request)
        self.ledger.append(row)
        values = (*(getattr(row, column) for column in _COLUMNS.split(", ")[:-1]), json.dumps(request))
        self._writer.write(f"INSERT INTO ledger ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)

    async def settled(self) -> None:
        """Returns when everything said so far is durable."""
        await self._writer.settled()

    def close(self) -> None:
        """Makes the rest durable and lets go of the file."""
        self._writer.close()
        self._connection.close()

    def _next_seq(self) -> int:
        self._last_seq += 1
        return int(self._last_seq)


def read_ledger(folder: Path) -> list[dict[str, Any]]:
    """The ledger of a sandbox that is not running (after a kill, for instance), as `Sandbox.ledger()` gives
    it."""
    connection = _open(folder / "world.db")
    try:
        return [asdict(row) for row in _ledger(connection)]
    finally:
        connection.close()


def _ledger(connection: sqlite3.Connection) -> list[LedgerRow]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM ledger ORDER BY seq")
    names = _COLUMNS.split(", ")
    return [
        LedgerRow(**{**dict(zip(names, row, strict=True)), "request": json.loads(row[-1])}) for row in rows
    ]


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        # Exclusive locking is the lock against a second sandbox: the system lets go of it when the process dies.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(f"BEGIN EXCLUSIVE; {_TABLES} COMMIT;")
    except sqlite3.OperationalError as failure:
        connection.close()
        if "locked" in str(failure):
            raise StateLocked(f"the sandbox in {file.parent} is used by another process") from failure
        raise StateCorrupt(f"the sandbox's world {file} cannot be used: {failure}", _WAY_OUT) from failure
    except sqlite3.DatabaseError as failure:
        connection.close()
        raise StateCorrupt(f"the sandbox's world {file} cannot be read: {failure}", _WAY_OUT) from failure
    return connection


_WAY_OUT = "start with --sandbox=fresh to forget it"
