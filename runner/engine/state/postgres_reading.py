"""Snapshots of a state in a PostgreSQL database, without its lease."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runner.engine.state.postgres_link import connect, tables_stand, told
from runner.model.errors import StateCorrupt, StateForeign
from runner.model.state_place import Database

if TYPE_CHECKING:
    import psycopg

    from runner.engine.state.codec import Codec
    from runner.model.standing import Brief, JobStanding, Standing
    from runner.model.state import InstanceState, State

Row = tuple[Any, ...]

_COUNTED = """
SELECT job, phase, uses, unit, count(*), coalesce(sum(cost), 0), count(cost), sum(unsaved) FROM runner_instances
WHERE state = %s GROUP BY phase, job, uses, unit
"""


class StoredPieces:
    """Large pieces in the database."""

    def __init__(self, connection: "psycopg.Connection[Any]", place: Database) -> None:
        self._connection = connection
        self._place = place

    def put(self, content: bytes) -> str:
        """A snapshot takes nothing."""
        raise OSError("a snapshot cannot be written")

    def get(self, digest: str) -> bytes:
        """The piece, byte for byte; OSError when it has gone, ValueError when it is not what was put."""
        row = self._connection.execute(
            "SELECT content FROM runner_blobs WHERE state = %s AND digest = %s", (self._place.name, digest)
        ).fetchone()
        if row is None:
            raise FileNotFoundError(f"the piece {digest} is not in the database")
        content = bytes(row[0])
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"the piece {digest} is damaged")
        return content


class Snapshot:
    """One moment of a state. Use `snapshot`."""

    def __init__(
        self, connection: "psycopg.Connection[Any]", place: Database, lineage: str, last: int
    ) -> None:
        self.connection = connection
        self.place = place
        self.lineage = lineage
        self.last = last

    def rows(self, columns: str, table: str, more: str = "", *values: Any) -> list[Row]:
        """Rows of this state alone."""
        query = f"SELECT {columns} FROM runner_{table} WHERE state = %s {more}"
        return self.connection.execute(query, (self.place.name, *values)).fetchall()

    def codec(self) -> "Codec":
        """Reads what the rows hold."""
        from runner.engine.state.codec import Codec

        return Codec(StoredPieces(self.connection, self.place))


@contextmanager
def snapshot(place: Database) -> Iterator[Snapshot | None]:
    """The state as it stands now; None where there is none. Raises StateError."""
    import importlib

    with told(place):
        levels: Any = importlib.import_module("psycopg").IsolationLevel
    with told(place), connect(place) as connection:
        connection.isolation_level, connection.read_only = levels.REPEATABLE_READ, True
        with connection.transaction():
            yield _found(connection, place) if tables_stand(connection, place) else None


def _found(connection: "psycopg.Connection[Any]", place: Database) -> Snapshot | None:
    row = connection.execute(
        "SELECT lineage, last, moved FROM runner_states WHERE state = %s", (place.name,)
    ).fetchone()
    if row is None:
        return None
    if row[2]:
        raise StateForeign(f"the state {place} was moved to {row[2]}", "name that place in state:")
    return Snapshot(connection, place, str(row[0]), int(row[1]))


def load(connection: "psycopg.Connection[Any]", place: Database) -> "State":
    """The materialised state, read on a connection of the caller's."""
    from runner.model.state import State

    found = _found(connection, place)
    if found is None:
        return State(name=place.name)
    codec = found.codec()
    with _readable(place):
        return State(
            name=place.name,
            lineage=found.lineage,
            sequence=found.last,
            instances={
                a: codec.decode_instance(data) for a, data in found.rows("address, data", "instances")
            },
            groups={
                a: codec.decode_group(data)
                for a, data in found.rows("address, data", "groups", "AND closed = 0")
            },
        )


def read_state(place: Database) -> "State":
    """A snapshot; an absent state is an empty one. Raises StateError."""
    from runner.model.state import State

    with snapshot(place) as found:
        return load(found.connection, place) if found is not None else State(name=place.name)


def read_instance(place: Database, address: str) -> "InstanceState | None":
    """What is known of one address, without reading the others. Raises StateError."""
    with snapshot(place) as found:
        rows = found.rows("data", "instances", "AND address = %s", address) if found is not None else []
        with _readable(place):
            return found.codec().decode_instance(rows[0][0]) if found is not None and rows else None


def read_addresses(place: Database) -> list[str]:
    """Every address that is known. Raises StateError."""
    with snapshot(place) as found:
        rows = found.rows("address", "instances", 'ORDER BY address COLLATE "C"') if found is not None else []
    return [str(row[0]) for row in rows]


def read_events(place: Database, address: str) -> list[tuple[int, str, str, str]]:
    """The history of one address: (number, time, kind, JSON data), oldest first. Raises StateError."""
    with snapshot(place) as found:
        more = "AND address = %s ORDER BY seq"
        rows = found.rows("seq, at, kind, data", "events", more, address) if found is not None else []
    return [(int(seq), str(at), str(kind), str(data)) for seq, at, kind, data in rows]


def read_history(
    place: Database, kinds: Sequence[str] = (), until: int | None = None
) -> list[tuple[str, str, str, str]]:
    """Every event, or those of some kinds, or up to a number: (time, kind, address, JSON data), oldest first. Raises
    StateError."""
    more = "AND seq <= %s " if until is not None else ""
    values: list[Any] = [until] if until is not None else []
    more, values = (f"{more}AND kind = ANY(%s) ", [*values, list(kinds)]) if kinds else (more, values)
    with snapshot(place) as found:
        columns = "at, kind, address, data"
        rows = found.rows(columns, "events", f"{more}ORDER BY seq", *values) if found is not None else []
    return [(str(at), str(one), str(address), str(data)) for at, one, address, data in rows]


def read_words(place: Database) -> list[tuple[int, str, str, str]]:
    """Words that were left and not taken in: (number, address, verb, argument). Raises StateError."""
    with snapshot(place) as found:
        more = "AND taken = 0 ORDER BY seq"
        rows = found.rows("seq, address, verb, argument", "inbox", more) if found is not None else []
    return [(int(seq), str(address), str(verb), str(argument)) for seq, address, verb, argument in rows]


def leave_words(place: Database, at: str, words: Sequence[tuple[str, str, str]]) -> None:
    """What a person says (address, verb, argument) for whoever holds the state, all of it or nothing. Raises
    StateError."""
    with told(place), connect(place) as connection, connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO runner_inbox (state, at, address, verb, argument) VALUES (%s, %s, %s, %s, %s)",
            [(place.name, at, *word) for word in words],
        )


class DatabaseStanding:
    """Where everything stands, counted by the database."""

    def __init__(self, found: Snapshot) -> None:
        self._found = found

    def standing(self, most: int) -> "Standing":
        """The counts, and up to `most` of the instances that need somebody; -1: all."""
        from runner.model.standing import Standing

        found = self._found
        return Standing(
            found.place.name, found.lineage, found.last, self._jobs(), tuple(self._attention(most))
        )

    def instances(self) -> "Iterator[Brief]":
        """Every instance, by address."""
        yield from self._briefs('ORDER BY address COLLATE "C"')

    def _jobs(self) -> "tuple[JobStanding, ...]":
        from runner.engine.state.counting import counted

        return counted(self._found.connection.execute(_COUNTED, (self._found.place.name,)))

    def _attention(self, most: int) -> "Iterator[Brief]":
        from runner.model.standing import ATTENTION

        for phase in ATTENTION:
            if not most:
                return
            more = 'AND phase = %s ORDER BY address COLLATE "C" LIMIT %s'
            for one in self._briefs(more, phase.value, most if most > 0 else None):
                most -= most > 0
                yield one

    def _briefs(self, more: str, *values: Any) -> "Iterator[Brief]":
        from runner.model.standing import brief

        with _readable(self._found.place):
            for address, data in self._found.rows("address, data", "instances", more, *values):
                yield brief(address, json.loads(data))


@contextmanager
def read_standing(place: Database) -> Iterator[DatabaseStanding | None]:
    """A snapshot to count; None where there is no state. Raises StateError."""
    with snapshot(place) as found:
        yield DatabaseStanding(found) if found is not None else None


@contextmanager
def _readable(place: Database) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateCorrupt(
            f"{place} holds what cannot be read: {error}",
            "restore a copy of the database, or upgrade runner; nothing was changed",
        ) from error
