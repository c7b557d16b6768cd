"""Likely renames: paid work that left the manifest, and a new instance that asks for the same.

What is asked for is the same where the inputs are equal, and also where they differ in nothing but the name that the
request carries there: keys stand in names, so that most renames of a row change the name as well.
"""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from runner.api.lifedata import Resource
from runner.api.marks import mark_in, with_mark
from runner.compile.canonical import Canonical
from runner.compile.work import Work
from runner.model.state import Phase, State

_MAY_BE_PAID = (Phase.READY, Phase.RUNNING, Phase.UNSETTLED, Phase.DOUBT)


class Renames:
    """What left the manifest and is paid for, or may be. `found`: its address → the one that it most likely has now."""

    def __init__(self, work: Work, state: State) -> None:
        known = work.graph.instances
        self.found: dict[str, str] = {}
        self._left = {
            address: held
            for address, held in state.instances.items()
            if address not in known and held.digest and held.phase in _MAY_BE_PAID
        }
        self._by_digest = {held.digest: address for address, held in self._left.items()}
        self._but_for_names: dict[str, dict[str, deque[str]]] = {}

    def __bool__(self) -> bool:
        """Whether anything left at all."""
        return bool(self._left)

    def likely(self, address: str, uses: str, resource: Resource | None, made: Canonical) -> tuple[str, str]:
        """Who a new instance most likely was before, and why it seems so; empty: it is new."""
        former = self._by_digest.get(made.digest, "")
        reason = f"has the inputs of {former}, which left the manifest: most likely renamed"
        if not former and resource is not None and resource.delivery.find is not None:
            former = self._but_for_its_name(uses, resource.delivery.find.field, made.inputs)
            reason = f"differs from {former}, which left the manifest, in its name alone: most likely renamed"
        if former:
            self.found[former] = address
        return former, reason

    def _but_for_its_name(self, uses: str, field: str, inputs: Any) -> str:
        """Whoever left and differs in its name alone; nobody is taken twice, and the first comes first."""
        if uses not in self._but_for_names:
            self._but_for_names[uses] = self._sorted_by_the_rest(uses, field)
        waiting = self._but_for_names[uses].get(_rest(inputs, field), deque())
        while waiting:
            former = waiting.popleft()
            if former not in self.found:
                return former
        return ""

    def _sorted_by_the_rest(self, uses: str, field: str) -> dict[str, deque[str]]:
        found: dict[str, deque[str]] = defaultdict(deque)
        for address, held in self._left.items():
            if held.uses == uses:
                found[_rest(held.inputs, field)].append(address)
        found.pop("", None)
        return found


def _rest(inputs: Any, field: str) -> str:
    """Canonical inputs without the name in `field`, as a text; empty where no name stands there."""
    if not isinstance(inputs, Mapping) or not mark_in(inputs, field):
        return ""
    return json.dumps(with_mark(inputs, field, ""), sort_keys=True, separators=(",", ":"))
