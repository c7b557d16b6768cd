"""Long lists, quickly: each item is encoded once for each state that it shows."""

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from runner.sandbox.ground.faults import Conduct

T = TypeVar("T")


class EncodedItems(Generic[T]):
    """Encodes items as JSON and keeps the bytes as long as an item's stamp (all that its looks depend on) is
    the same."""

    def __init__(self, show: Callable[[T], object]) -> None:
        self._show = show
        self._kept: dict[str, tuple[Hashable, bytes]] = {}

    def encoded(self, id: str, stamp: Hashable, item: T) -> bytes:
        """The bytes of one item."""
        kept = self._kept.get(id)
        if kept is None or kept[0] != stamp:
            text = json.dumps(self._show(item), ensure_ascii=False, separators=(",", ":"))
            kept = self._kept[id] = (stamp, text.encode())
        return kept[1]

    def forget(self, id: str) -> None:
        """Drops an item that is gone."""
        self._kept.pop(id, None)


def array(items: Iterable[bytes]) -> bytes:
    """A JSON array of encoded items."""
    return b"[" + b",".join(items) + b"]"


def visible(things: Iterable[T], born: Callable[[T], float], now: float, conduct: Conduct) -> Sequence[T]:
    """What a list shows of things in the order of their making, as the faults have it: without those younger than
    `lag` virtual seconds, at most `cap`, with one in `lose` left out and one in `twice` shown twice."""
    shown = list(things)
    if conduct.lag:
        shown = [thing for thing in shown if born(thing) + conduct.lag <= now]
    if conduct.cap is not None:
        shown = (
            shown[: conduct.cap] if conduct.keep == "oldest" else shown[max(0, len(shown) - conduct.cap) :]
        )
    if conduct.lose:
        turn = next(conduct.turns)
        shown = [thing for place, thing in enumerate(shown) if (place + turn) % conduct.lose]
    if conduct.twice:
        shown = [thing for place, thing in enumerate(shown) for _ in range(1 + (place % conduct.twice == 0))]
    return shown
