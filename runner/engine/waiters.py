"""Who waits for remote work: a few fields each, no coroutine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.api.effects import Collection
from runner.api.items import shows
from runner.api.lifedata import Resource
from runner.api.provider import Use
from runner.engine.accounts import Account


@dataclass(slots=True)
class Waiter:
    """One instance that waits, or one `part` of it (its place, from 0; -1: the whole).

    Times are those of the event loop; `deadline` ends this run's wait, not the work. `whole`: an item of its list may
    tell all that its own answer does; `wanted` are the fields that expressions name.
    """

    address: str
    generation: int
    id: str
    use: Use
    account: Account
    inputs: Mapping[str, Any]
    began: float
    collection: Collection | None = None
    deadline: float | None = None
    status: str = ""
    misses: int = 0
    before: Mapping[str, Any] | None = None
    fresh_until: float = 0.0
    part: int = -1
    whole: bool = False
    wanted: frozenset[str] = frozenset()


def resource_of(waiter: Waiter) -> Resource:
    """What is waited for, as its document describes it."""
    kind = waiter.use.kind
    assert isinstance(kind, Resource)
    return kind


def needs_answer(waiter: Waiter, item: Any) -> bool:
    """Whether the answer of `read` holds what the list's item does not: files, named outputs, a final price."""
    resource = resource_of(waiter)
    if resource.read is None or not (resource.downloads or resource.outputs or resource.fresh):
        return False
    return not (waiter.whole and shows(resource, item, waiter.wanted))
