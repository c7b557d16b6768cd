"""The journal's events as they stand there, for whoever adds up or exports them."""

import json
from collections.abc import Iterator

from runner.engine.states import read_history
from runner.model.charge import Entry
from runner.model.state_place import StatePlace


def read_entries(place: StatePlace, name: str) -> Iterator[Entry]:
    """Every event, oldest first; none where there is no state yet. Raises StateError."""
    for at, kind, address, data in read_history(place, name):
        yield Entry(at, kind, address, json.loads(data))
