"""The state in a PostgreSQL database, leased and open for writing.

Each transaction locks the state's row and compares the fencing token: who lost the lease can never write an intent.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runner.engine.state.keeping import Rows
from runner.engine.state.lock import Holder
from runner.engine.state.postgres_lease import Lease, take_lease
from runner.engine.state.postgres_link import INSTANCE, connect, make_tables, told, way_out
from runner.engine.state.postgres_reading import StoredPieces, load, read_words
from runner.model.errors import StateError, StateLocked
from runner.model.state import State
from runner.model.state_place import Database

if TYPE_CHECKING:
    import psycopg

_EVENTS = """
INSERT INTO runner_events (state, seq, at, run, kind, address, data)
SELECT %s, %s + n, at, run, kind, address, data
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    WITH ORDINALITY AS given(at, run, kind, address, data, n)
"""
_KINDS = ("text", "text", "text", "text", "text", "text", "float8", "int")
_INSTANCES = f"""
INSERT INTO runner_instances (state, {", ".join(INSTANCE)})
SELECT %s, given.* FROM unnest({", ".join(f"%s::{kind}[]" for kind in _KINDS)}) AS given
ON CONFLICT (state, address) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in INSTANCE[1:])}
"""
_GROUPS = """
INSERT INTO runner_groups (state, address, closed, data)
SELECT %s, given.* FROM unnest(%s::text[], %s::int[], %s::text[]) AS given
ON CONFLICT (state, address) DO UPDATE SET closed = excluded.closed, data = excluded.data
"""
_BLOB = "INSERT INTO runner_blobs VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


class PendingPieces(StoredPieces):
    """Large pieces that are written in the transaction of the rows that name them, or in one before it."""

    def __init__(self, connection: "psycopg.Connection[Any]", place: Database) -> None:
        super().__init__(connection, place)
        self._turn = threading.Lock()
        self._known: set[str] = set()
        self._pending: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """Keep a piece until the next rows are written; its digest."""
        digest = hashlib.sha256(content).hexdigest()
        with self._turn:
            if digest not in self._known:
                self._known.add(digest)
                self._pending[digest] = content
        return digest

    def drain(self) -> Mapping[str, bytes]:
        """What is to be written now."""
        with self._turn:
            pending, self._pending = self._pending, {}
        return pending


class PostgresStore:
    """A `Store` in a database. Use `open_postgres`."""

    def __init__(
        self,
        place: Database,
        connection: "psycopg.Connection[Any]",
        lease: Lease,
        former_holder: Holder | None,
    ) -> None:
        self.place = place
        self.former_holder = former_holder
        self.connection = connection
        self.lease = lease
        self.pieces = PendingPieces(connection, place)

    def write(self, rows: Rows) -> None:
        """One transaction, durable when it returns; none once another has taken the state over."""
        try:
            self._write(rows)
        except StateLocked as error:
            self.lease.lost = error.message
            raise

    def _write(self, rows: Rows) -> None:
        connection, state = self.connection, self.place.name
        with told(self.place), connection.transaction():
            last = self._fenced()
            with connection.pipeline():
                for digest, content in self.pieces.drain().items():
                    connection.execute(_BLOB, (state, digest, content))
                if rows.events:
                    connection.execute(_EVENTS, (state, last, *_turned(rows.events)))
                if rows.gone:
                    connection.execute(
                        "DELETE FROM runner_instances WHERE state = %s AND address = ANY(%s)",
                        (state, list(rows.gone)),
                    )
                if rows.instances:
                    connection.execute(_INSTANCES, (state, *_turned(rows.instances)))
                if rows.groups:
                    connection.execute(_GROUPS, (state, *_turned(rows.groups)))
                if rows.taken:
                    connection.execute(
                        "UPDATE runner_inbox SET taken = 1 WHERE state = %s AND seq = ANY(%s)",
                        (state, list(rows.taken)),
                    )
                connection.execute(
                    "UPDATE runner_states SET last = %s WHERE state = %s", (last + len(rows.events), state)
                )

    def _fenced(self) -> int:
        """The number of the last event, the state's row being ours until the end of the transaction."""
        row = self.connection.execute(
            "SELECT fence, last, holder FROM runner_states WHERE state = %s FOR UPDATE", (self.place.name,)
        ).fetchone()
        if row is None or row[0] != self.lease.fence:
            raise StateLocked(
                "another command has taken the state over, as this one's lease had ended",
                "run the same command again: it finds out what became of what this one left",
            )
        return int(row[1])

    def holds(self) -> bool:
        """Whether nobody can have taken the state over; asks nobody."""
        return self.lease.holds()

    def renew(self) -> None:
        """Ask for the lease anew."""
        self.lease.renew()

    def inherit(self, lineage: str) -> None:
        """Be the state of this lineage."""
        self._set("lineage", lineage)

    def leave_for(self, place: str) -> None:
        """Refuse whoever comes from now on, and name the place where the state is."""
        self._set("moved", place)

    def _set(self, column: str, value: str) -> None:
        with told(self.place), self.connection.transaction():
            self._fenced()
            self.connection.execute(
                f"UPDATE runner_states SET {column} = %s WHERE state = %s", (value, self.place.name)
            )

    def read_inbox(self) -> list[tuple[int, str, str, str]]:
        """Words that were left and not taken in yet, read beside the transactions of the writing thread."""
        return read_words(self.place)

    def group_known(self, address: str) -> bool:
        """Whether a bulk request of this name was ever recorded."""
        with told(self.place):
            found = self.connection.execute(
                "SELECT 1 FROM runner_groups WHERE state = %s AND address = %s", (self.place.name, address)
            ).fetchone()
        return found is not None

    def way_out(self, error: BaseException) -> str:
        """What a person can do about a database that refuses."""
        return error.hint if isinstance(error, StateError) else way_out(error)

    def close(self) -> None:
        """Let go of the lease and of the connection."""
        self.lease.end(self.connection)
        self.connection.close()


def open_postgres(
    place: Database,
    holder: Holder,
    lock_timeout: float = 0.0,
    waiting: Callable[[str], None] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> tuple[PostgresStore, State]:
    """Lease and open the state, making it when there is none. Raises StateError.

    Where a predecessor left calls open, its lease has ended before this returns: nothing of them is alive by then.
    """
    connection = connect(place)
    lease: Lease | None = None
    try:
        with told(place):
            make_tables(connection, place)
            _make_state(connection, place)
            lease, former, left = take_lease(connection, place, holder, lock_timeout, waiting, wait)
            state = load(connection, place)
            if left and former is not None and _open_calls(state):
                if waiting is not None:
                    waiting(f"the lease of {former}, which left calls open,")
                wait(left)
        return PostgresStore(place, connection, lease, former), state
    except BaseException:
        if lease is not None:
            with suppress(StateError):
                lease.end(connection)
        connection.close()
        raise


def _make_state(connection: "psycopg.Connection[Any]", place: Database) -> None:
    import secrets

    connection.execute(
        "INSERT INTO runner_states (state, lineage) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (place.name, secrets.token_hex(16)),
    )


def _open_calls(state: State) -> bool:
    return any(one.intent is not None for one in state.instances.values()) or any(
        not one.closed for one in state.groups.values()
    )


def _turned(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Columns out of rows: one array for each."""
    return [list(column) for column in zip(*rows, strict=True)]
