"""A wish for one bulk request, and what is said of its members."""

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.api.lifecycles.effects import Collection
from runner.api.messages.reading import read_item
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import BulkSpec, ErrorSpec, Resource, Settle
from runner.model.event import Event, GroupClosed, GroupIntended, Member, Received, Withdrawn
from runner.model.frozen import frozen


@frozen
class GroupOrder:
    """A wish for one bulk request. `members` are those without an outcome; `every` is (least, most) seconds between
    looks at its progress; `settle` is in seconds of this run. `walked`: when the walk began (monotonic) that its
    baseline is from; `consent`: things of the same names that exist already are nobody's business here. `timeout`: for
    how many seconds this run waits for its rows."""

    use: Use
    intent: GroupIntended
    members: tuple[Member, ...]
    inputs: Mapping[str, Any]
    collection: Collection
    settle: Settle
    whole: bool = False
    every: tuple[float, float] = (15.0, 600.0)
    retries: int = 3
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    walked: float | None = None
    consent: bool = False
    timeout: float = math.inf

    @property
    def bulk(self) -> BulkSpec:
        kind = self.use.kind
        assert isinstance(kind, Resource)
        assert kind.bulk is not None
        return kind.bulk

    @property
    def errors(self) -> ErrorSpec | None:
        return self.use.kind.errors if isinstance(self.use.kind, Resource) else None


def receive(order: GroupOrder, member: Member, id: str, item: Any, how: str) -> Received:
    """The event that gives a member its identity."""
    reading = read_item(order.use, id, item)
    return Received(
        address=member.address,
        generation=member.generation,
        id=id,
        how=how,
        status=reading.status,
        outputs={"id": id, "status": reading.status},
    )


def withdraw(order: GroupOrder, reason: str) -> tuple[Event, ...]:
    """Close the group and the intents of its members: nothing happened there."""
    members: list[Event] = [
        Withdrawn(address=member.address, generation=member.generation, reason=reason)
        for member in order.members
    ]
    return (*members, GroupClosed(address=order.intent.address, reason=reason))
