"""Turns: what may be under way once at a time: a re-translation of one project, a call under one mark."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from runner.api.lifecycles.effects import Collection
from runner.api.lifecycles.marks import fold_mark, mark_in
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.api.vocabulary.locate import MISSING, Scope, locate

Key = tuple[str, ...]


def exclusive_key(use: Use, account: str, inputs: Mapping[str, Any]) -> Key | None:
    """What the provider's document says may be worked on by one at a time; None: nothing."""
    kind = use.kind
    if not isinstance(kind, Resource) or not kind.exclusive:
        return None
    found = [locate(ref, Scope(request=inputs)) for ref in kind.exclusive]
    return (account, kind.of or kind.name, *(str(value) for value in found if value is not MISSING))


def mark_key(use: Use, collection: Collection | None, inputs: Mapping[str, Any]) -> Key | None:
    """At most one unsettled call per collection and given mark; None: the mark is minted, and nobody else's."""
    kind = use.kind
    if collection is None or not isinstance(kind, Resource) or kind.delivery.find is None:
        return None
    mark = mark_in(inputs, kind.delivery.find.field)
    return (collection.key, "mark", fold_mark(mark)) if mark else None


class Turns:
    """Who has which turn, and who waits for it, in the order in which they came."""

    def __init__(self) -> None:
        self._holders: dict[Key, set[str]] = {}
        self._held: dict[str, set[Key]] = defaultdict(set)
        self._waiting: dict[Key, deque[str]] = defaultdict(deque)
        self._offered: dict[str, set[Key]] = defaultdict(set)
        self._stuck: set[str] = set()

    def take(self, address: str, keys: Iterable[Key | None]) -> bool:
        """Take all of these turns, or none and wait for the first that is taken."""
        wanted = [key for key in keys if key is not None]
        for key in wanted:
            if self._holders.get(key, {address}) != {address}:
                if address not in self._waiting[key]:
                    self._waiting[key].append(address)
                return False
        self.join(address, wanted)
        self._offered.pop(address, None)
        return True

    def join(self, address: str, keys: Iterable[Key | None]) -> None:
        """Hold these turns beside whoever holds them: what was begun before cannot be made to wait."""
        for key in keys:
            if key is not None:
                self._holders.setdefault(key, set()).add(address)
                self._held[address].add(key)

    def release(self, address: str, keep: Iterable[Key | None] = ()) -> list[str]:
        """Give back the turns of an address but those in `keep`; returns who may try again.

        Whoever was told to try and gave up all the same leaves the try to the next.
        """
        kept = set(keep)
        free: list[Key] = []
        for key in [key for key in self._held.get(address, ()) if key not in kept]:
            self._held[address].discard(key)
            self._holders[key].discard(address)
            if not self._holders[key]:
                del self._holders[key]
                free.append(key)
        unused = [key for key in self._offered.pop(address, ()) if key not in self._holders]
        again: list[str] = []
        for key in dict.fromkeys((*free, *unused)):
            if self._waiting[key]:
                again.append(self._waiting[key].popleft())
                self._offered[again[-1]].add(key)
        return again

    def behind(self, address: str) -> list[str]:
        """Everybody who waits for a turn that this address will not give back in this run."""
        self._stuck.add(address)
        found: list[str] = []
        for key in self._held.get(address, ()):
            found += self._waiting.pop(key, ())
        return found

    def holder(self, address: str, keys: Iterable[Key | None]) -> tuple[str, bool]:
        """Who else has one of these turns (empty: nobody), and whether it is surely kept for all of this run."""
        others = [
            one for key in keys if key is not None for one in self._holders.get(key, ()) if one != address
        ]
        stuck = [one for one in others if one in self._stuck]
        return (stuck or others or [""])[0], bool(stuck)
