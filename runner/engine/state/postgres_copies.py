"""All rows of a state in a database, for those who copy or move it."""

from typing import Any

from runner.engine.state.columns import NAMES
from runner.engine.state.postgres_link import connect, tables_stand, told
from runner.engine.state.postgres_reading import Row, snapshot
from runner.model.errors import StateForeign
from runner.model.state_place import Database

_TABLES = ("events", "instances", "groups", "inbox", "blobs", "states")


def read_rows(place: Database) -> tuple[list[Row], list[Row], list[Row], list[Any], dict[str, bytes]]:
    """Events, instances, groups, words and pieces. Raises StateError."""
    with snapshot(place) as found:
        if found is None:
            raise StateForeign(f"{place} holds no state", "name the place that holds it")
        return (
            found.rows("at, run, kind, address, data", "events", "ORDER BY seq"),
            found.rows(f"address, phase, data, {', '.join(NAMES)}", "instances"),
            found.rows("address, closed, data", "groups"),
            found.rows("address, verb, argument", "inbox", "AND taken = 0 ORDER BY seq"),
            {str(digest): bytes(raw) for digest, raw in found.rows("digest, content", "blobs")},
        )


def forget_moved(place: Database, lineage: str) -> None:
    """What is left of this very state where it was moved away from. Raises StateError."""
    with told(place), connect(place) as connection:
        if not tables_stand(connection, place):
            return
        with connection.transaction():
            row = connection.execute(
                "SELECT 1 FROM runner_states WHERE state = %s AND lineage = %s AND moved <> '' FOR UPDATE",
                (place.name, lineage),
            ).fetchone()
            for table in _TABLES if row is not None else ():
                connection.execute(f"DELETE FROM runner_{table} WHERE state = %s", (place.name,))
