"""What a person is shown at an approval gate."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.model.frozen import frozen
from runner.model.plan import Cost


@frozen
class AtGate:
    """One call that waits: its inputs as they will be sent, and of each instance that it builds on the files and
    addresses to look at. `note` says why an earlier approval does not count."""

    address: str
    uses: str
    generation: int
    digest: str
    inputs: Any
    note: str = ""
    cost: Cost | None = None
    looks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
