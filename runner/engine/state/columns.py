"""What stands in columns of its own beside an instance's JSON, so that SQLite can count it."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.model.state import InstanceState

NAMES = ("job", "uses", "unit", "cost", "unsaved")
DEFINED = (
    "job TEXT NOT NULL DEFAULT ''",
    "uses TEXT NOT NULL DEFAULT ''",
    "unit TEXT NOT NULL DEFAULT ''",
    "cost REAL",
    "unsaved INTEGER NOT NULL DEFAULT 0",
)
INDEX = f"CREATE INDEX instances_standing ON instances (phase, {', '.join(NAMES)})"
"""Covers every count; the first column also finds the few that need somebody."""

Columns = tuple[str, str, str, float | None, int]


def columns(instance: "InstanceState") -> Columns:
    """The columns of an instance, in the order of NAMES."""
    unsaved = sum(not file.done for file in instance.files.values())
    return (_job(instance.address), instance.uses, instance.unit, instance.cost, unsaved)


def columns_of_json(address: str, held: Mapping[str, Any]) -> Columns:
    """The same out of a row's JSON, which lacks what has its default."""
    unsaved = sum(not file.get("done", False) for file in held.get("files", {}).values())
    return (_job(address), held.get("uses", ""), held.get("unit", ""), held.get("cost"), unsaved)


def add_columns(connection: sqlite3.Connection) -> None:
    """Version 1 → 2, in the caller's transaction."""
    for column in DEFINED:
        connection.execute(f"ALTER TABLE instances ADD COLUMN {column}")
    rows = [(*found, address) for address, _, _, *found in _rows(connection)]
    named = ", ".join(f"{name} = ?" for name in NAMES)
    connection.executemany(f"UPDATE instances SET {named} WHERE address = ?", rows)
    connection.execute(INDEX)


def copy_with_columns(connection: sqlite3.Connection) -> None:
    """Lets a reader see the columns that its file does not have yet; nothing is written to the file."""
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"CREATE TEMP TABLE instances (address, phase, data, {', '.join(NAMES)})")
    holes = ", ".join("?" * (3 + len(NAMES)))
    connection.executemany(f"INSERT INTO temp.instances VALUES ({holes})", list(_rows(connection)))


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for address, phase, data in connection.execute("SELECT address, phase, data FROM main.instances"):
        yield (address, phase, data, *columns_of_json(address, json.loads(data)))


def _job(address: str) -> str:
    return address.partition("/")[0]
