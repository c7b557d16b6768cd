"""What the journal records of things that have ended: what a person decided, what a refresh saw, what came of them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from runner.model.event_base import Event
from runner.model.frozen import frozen


@frozen(kw_only=True)
class Accepted(Event):
    """A person left finished work as it is although its inputs changed to `digest`."""

    kind: ClassVar[str] = "accepted"
    address: str
    digest: str
    inputs: Any


@frozen(kw_only=True)
class Moved(Event):
    """What was known as `address` is now `to`."""

    kind: ClassVar[str] = "moved"
    address: str
    to: str


@frozen(kw_only=True)
class Refreshed(Event):
    """What the API says of something that has ended. `seen`: there, failed or gone; `outputs`: those
    that are not as they were recorded, as they are now."""

    kind: ClassVar[str] = "refreshed"
    address: str
    generation: int
    seen: str
    status: str = ""
    outputs: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class Deleted(Event):
    """What stood there as `id` was deleted at the API, or was not there any more."""

    kind: ClassVar[str] = "deleted"
    address: str
    generation: int
    id: str


@frozen(kw_only=True)
class Forgotten(Event):
    """The state no longer knows this address; by this alone nothing is done to the remote thing."""

    kind: ClassVar[str] = "forgotten"
    address: str
