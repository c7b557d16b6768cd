"""Who waits for remote work: a few fields each, no coroutine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runner.api.lifecycles.effects import Collection
from runner.api.lifecycles.items import shows
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.engine.wire.accounts import Account
from runner.model.http import Answer

COARSE = 5.0
"""Seconds that an estimate, and the server's date that it is held to, need not be exact to."""


@dataclass(slots=True)
class Waiter:
    """One instance that waits, or one `part` of it (its place, from 0; -1: the whole).

    Times are those of the event loop; `deadline` ends this run's wait, not the work, and `due` is when the API itself
    expects its end. `whole`: an item of its list may tell all that its own answer does; `wanted` are the fields that
    expressions name.
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
    due: float | None = None
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


def pause_of(waiter: Waiter, now: float, speed: float = 1.0) -> float:
    """Seconds until the next look: the longer, the older it is. Where the API says when it expects the end, half of
    what is left till then, and right behind it once that is no further than the next look."""
    least, most = (every / speed for every in resource_of(waiter).wait.every)
    pause = max(least, (now - waiter.began) / 4)
    left = waiter.due - now if waiter.due is not None else 0.0
    if left > COARSE:
        pause = left + least / 10 if left <= pause else max(pause, left / 2)
    return min(pause, most)


def expect(waiter: Waiter, answer: Answer, date: float | None, now: float) -> None:
    """Note what an answer, or an item of a list, says of when the end is expected; `date` is the server's own, so that
    the clock of this machine does not come into it."""
    ref = resource_of(waiter).wait.until
    value = locate(ref, Scope(answer=answer, item=answer.body, id=waiter.id)) if ref else MISSING
    if not isinstance(value, str) or date is None:
        waiter.due = None
        return
    try:
        moment = datetime.fromisoformat(value.strip())
        waiter.due = now + (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - date
    except (ValueError, OverflowError):
        waiter.due = None


def needs_answer(waiter: Waiter, item: Any) -> bool:
    """Whether the answer of `read` holds what the list's item does not: files, named outputs, a final price."""
    resource = resource_of(waiter)
    if resource.read is None or not (resource.downloads or resource.outputs or resource.fresh):
        return False
    return not (waiter.whole and shows(resource, item, waiter.wanted))
