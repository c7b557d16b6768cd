"""The journal's events, for whoever adds up what was paid."""

import json
from collections.abc import Iterator

from runner.engine.state.states import read_history
from runner.model.charge import TOLD, Entry
from runner.model.event import Finished
from runner.model.state_place import StatePlace


def read_entries(place: StatePlace, name: str, until: int | None = None) -> Iterator[Entry]:
    """Every event that says something of money, up to a number, oldest first; none where there is no state yet. Raises
    StateError."""
    for at, kind, address, data in read_history(place, name, TOLD, until):
        if kind != Finished.kind or '"cost"' in data:  # most ends tell no price, and their outputs are large
            yield Entry(at, kind, address, json.loads(data))
