"""A whole state as a value: exported, imported, and moved from one place to another without ever standing in two."""

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from runner.engine.state.keeping import Rows, Store
from runner.engine.state.lock import Holder
from runner.engine.state.states import leave_word, open_store, read_state
from runner.model.errors import StateCorrupt, StateForeign
from runner.model.state_place import Database, StatePlace

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Copy:
    """What a state holds, as its rows have it: events (time, run, kind, address, data), instances and groups as in
    `Rows`, words that were left for its holder (address, verb, argument), and large pieces by digest."""

    name: str
    lineage: str
    events: list[tuple[Any, ...]] = field(default_factory=list)
    instances: list[tuple[Any, ...]] = field(default_factory=list)
    groups: list[tuple[Any, ...]] = field(default_factory=list)
    words: list[tuple[str, str, str]] = field(default_factory=list)
    pieces: dict[str, bytes] = field(default_factory=dict)


def take_copy(place: StatePlace, name: str, lineage: str) -> Copy:
    """The whole state. Raises StateError. Its lock must be held, so that it stands still."""
    if isinstance(place, Database):
        from runner.engine.state import postgres_copies

        return Copy(name, lineage, *postgres_copies.read_rows(place))
    from runner.engine.state import sqlite_rows

    return Copy(name, lineage, *sqlite_rows.read_rows(place, name), sqlite_rows.read_pieces(place))


def fill(store: Store, sequence: int, copy: Copy) -> None:
    """Put a copy into a state that is empty, or that holds a part of this very copy since a move was cut short.

    Raises StateForeign where it holds anything else; StateCorrupt when what arrived is not what was sent.
    """
    place = store.place
    if sequence and (sequence != len(copy.events) or read_state(place, copy.name).lineage != copy.lineage):
        raise StateForeign(f"{place} holds a state already", "name an empty place")
    if not sequence:
        for digest, content in copy.pieces.items():
            if store.pieces.put(content) != digest:
                raise StateCorrupt(
                    f"the piece {digest} is damaged", "restore the state that it was copied from"
                )
        store.inherit(copy.lineage)
        store.write(Rows(copy.events, copy.instances, (), copy.groups, ()))
        for address, verb, argument in copy.words:
            leave_word(place, address, verb, argument)
    held = read_state(place, copy.name)
    if (held.lineage, held.sequence, len(held.instances)) != (
        copy.lineage,
        len(copy.events),
        len(copy.instances),
    ):
        raise StateCorrupt(f"not all has arrived in {place}", "run the same command again")


def move(old: StatePlace, new: StatePlace, name: str, holder: Holder, lock_timeout: float) -> int:
    """Move a state: from then on the old place is refused, and says where it went. Returns the count of its events."""
    if not read_state(old, name).sequence:  # looked at first, so that nothing is made where there is none
        raise StateForeign(f"{old} holds no state", "name the place that holds it")
    source, state = open_store(old, name, holder, lock_timeout)
    try:
        copy = take_copy(old, name, state.lineage)
        _make_room(new, name, state.lineage)
        target, there = open_store(new, name, holder, lock_timeout)
        try:
            fill(target, there.sequence, copy)
            source.leave_for(str(new))
        finally:
            target.close()
    finally:
        source.close()
    return len(copy.events)


def _make_room(place: StatePlace, name: str, lineage: str) -> None:
    """Where this very state stood before it was moved away, what is left of it goes."""
    if isinstance(place, Database):
        from runner.engine.state.postgres_copies import forget_moved

        forget_moved(place, lineage)
        return
    from runner.engine.state.sqlite_rows import moved_away

    if moved_away(place, lineage):
        os.replace(place, place.with_name(f"{place.name}.moved"))


def as_json(copy: Copy) -> str:
    """A copy as text."""
    held = asdict(copy) | {"pieces": {d: base64.b64encode(raw).decode() for d, raw in copy.pieces.items()}}
    return json.dumps({"version": FORMAT, **held}, ensure_ascii=True)


def from_json(text: str, file: Path) -> Copy:
    """A copy out of its text. Raises StateCorrupt for anything else."""
    try:
        held = json.loads(text)
        if held.pop("version") != FORMAT:
            raise ValueError("another version")
        pieces = {str(digest): base64.b64decode(raw) for digest, raw in held.pop("pieces").items()}
        rows = {name: _tuples(held.pop(name)) for name in ("events", "instances", "groups", "words")}
        return Copy(str(held["name"]), str(held["lineage"]), **rows, pieces=pieces)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateCorrupt(
            f"{file} is no state that this runner exported: {error}", "name a file of `runner state export`"
        ) from error


def _tuples(rows: Iterable[Iterable[Any]]) -> list[Any]:
    return [tuple(row) for row in rows]
