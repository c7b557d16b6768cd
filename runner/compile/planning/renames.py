"""Likely renames: paid work that left the manifest, or whose key another item has now, and a new instance that asks for
the same. The latter is what a row brings that was put in before others, where keys are numbers: all behind it move on.

What is asked for is the same where the inputs are equal, and also where they differ in nothing but the name that the
request carries there: keys stand in names, so that most renames of a row change the name as well.
"""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from runner.api.lifecycles.marks import mark_in, with_mark
from runner.api.vocabulary.lifedata import Resource
from runner.compile.checks.work import Work
from runner.compile.planning.canonical import Canonical
from runner.model.state import InstanceState, Phase, State

_MAY_BE_PAID = (Phase.READY, Phase.RUNNING, Phase.UNSETTLED, Phase.DOUBT)


class Renames:
    """What left the manifest, or is otherwise now, and is paid for, or may be. `found`: its address → the one that it
    most likely has now."""

    def __init__(self, work: Work, state: State) -> None:
        known = work.graph.instances
        self.found: dict[str, str] = {}
        self._left = {
            address: held
            for address, held in state.instances.items()
            if address not in known and held.digest and held.phase in _MAY_BE_PAID
        }
        self._by_digest = {held.digest: address for address, held in self._left.items()}
        self._otherwise: set[str] = set()
        self._but_for_names: dict[str, dict[str, deque[str]]] = {}

    def __bool__(self) -> bool:
        """Whether there is anything that a new instance could have been."""
        return bool(self._left or self._otherwise)

    def otherwise(self, held: InstanceState, inputs: Any, field: str) -> None:
        """Note what stands there and is asked for otherwise now, with `inputs`; `field` holds its name, if it has one.

        Where nothing but its name is another, whatever differs from it in its name alone is not what it was.
        """
        self._otherwise.add(held.address)
        self._by_digest.setdefault(held.digest, held.address)
        rest = _rest(held.inputs, field) if field else ""
        if rest and rest != _rest(inputs, field):
            self._waiting(held.uses, field)[rest].append(held.address)

    def likely(self, address: str, uses: str, resource: Resource | None, made: Canonical) -> tuple[str, str]:
        """Who a new instance most likely was before, and why it seems so; empty: it is new."""
        former = self._by_digest.get(made.digest, "")
        reason = f"has the inputs of {former}, {self._why(former)}: most likely renamed"
        if not former and resource is not None and resource.delivery.find is not None:
            former = self._but_for_its_name(uses, resource.delivery.find.field, made.inputs)
            reason = f"differs from {former}, {self._why(former)}, in its name alone: most likely renamed"
        if former:
            self.found[former] = address
        return former, reason

    def _why(self, former: str) -> str:
        return "whose key another item has now" if former in self._otherwise else "which left the manifest"

    def _but_for_its_name(self, uses: str, field: str, inputs: Any) -> str:
        """Whoever left and differs in its name alone; nobody is taken twice, and the first comes first."""
        waiting = self._waiting(uses, field)[_rest(inputs, field)]
        while waiting:
            former = waiting.popleft()
            if former not in self.found:
                return former
        return ""

    def _waiting(self, uses: str, field: str) -> dict[str, deque[str]]:
        """Those of a use by their inputs without the name."""
        if uses not in self._but_for_names:
            found: dict[str, deque[str]] = defaultdict(deque)
            for address, held in self._left.items():
                if held.uses == uses and (rest := _rest(held.inputs, field)):
                    found[rest].append(address)
            self._but_for_names[uses] = found
        return self._but_for_names[uses]


def _rest(inputs: Any, field: str) -> str:
    """Canonical inputs without the name in `field`, as a text; empty where no name stands there."""
    if not isinstance(inputs, Mapping) or not mark_in(inputs, field):
        return ""
    return json.dumps(with_mark(inputs, field, ""), sort_keys=True, separators=(",", ":"))
