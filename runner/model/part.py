"""Parts: the results of one request that makes many, such as the conversions of an order or the renders of a batch."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar

from runner.model.event_base import Event
from runner.model.frozen import frozen


@frozen(kw_only=True)
class PartReceipt:
    """A part has an identity. `index` is its place in the manifest's own list, from 0."""

    index: int
    id: str
    mark: str = ""
    name: str = ""
    status: str = ""


@frozen(kw_only=True)
class PartFinished(Event):
    """One part ended there. `outcome`: ready, failed or stalled."""

    kind: ClassVar[str] = "part-finished"
    address: str
    generation: int
    index: int
    id: str
    outcome: str
    status: str = ""
    message: str = ""
    name: str = ""
    outputs: Mapping[str, Any] | None = None


@frozen
class PartState:
    """What is known of one part. `outcome`: running, ready, failed or stalled."""

    index: int
    id: str = ""
    mark: str = ""
    name: str = ""
    outcome: str = "running"
    status: str = ""
    message: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.outcome != "running"

    def as_item(self) -> dict[str, Any]:
        """What expressions see of it: its outputs, and its own fields."""
        own = {
            "index": self.index,
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "mark": self.mark,
        }
        return {**self.outputs, **own}
