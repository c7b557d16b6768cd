"""The journal's events as they stand there, for whoever adds up or exports them."""

import json
from collections.abc import Iterator
from pathlib import Path

from runner.engine.store import read_state, reading
from runner.model.charge import Entry


def read_entries(file: Path, name: str) -> Iterator[Entry]:
    """Every event, oldest first; none where there is no state yet. Raises StateError."""
    if not read_state(file, name).sequence:  # ours, and readable
        return
    with reading(file) as connection:
        for at, kind, address, data in connection.execute(
            "SELECT at, kind, address, data FROM events ORDER BY seq"
        ):
            yield Entry(at, kind, address, json.loads(data))
