"""Whether a finished thing can be updated to the inputs that it should have now."""

import json
from collections.abc import Mapping
from typing import Any

from runner.api.lifecycles.updating import UpdateWay, update_way
from runner.compile.checks.input_schema import InputSchema
from runner.compile.checks.work import Work
from runner.compile.planning.canonical import canonical
from runner.compile.planning.removal import elsewhere
from runner.model.frozen import frozen
from runner.model.state import InstanceState
from runner.model.unknown import contains_unknown
from runner.model.updates import UNSURE


@frozen
class Updater:
    """What can be updated of what a use makes."""

    way: UpdateWay
    schema: InputSchema


class Updaters(dict[str, Updater | None]):
    """By `uses`, made when one is first met; None: nothing can be updated of it."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, uses: str) -> Updater | None:
        use = self._work.catalogue.use(uses)
        way = update_way(use) if use is not None else None
        self[uses] = Updater(way, InputSchema(uses, way.schema)) if way is not None else None
        return self[uses]

    def obstacle(self, held: InstanceState, uses: str, inputs: Mapping[str, Any]) -> str:
        """Why what stands there cannot be updated to these inputs; empty when it can. What is unknown in them fits."""
        updater = self[uses]
        if updater is None:
            return f"{uses} cannot be updated"
        if held.uses != uses:
            return f"it was made by {held.uses}"
        if held.seen == "gone":
            return "it is not there any more"
        names = changed_inputs(held, uses, inputs)
        if not held.id or not names:
            return "what stands there is not known"
        there = elsewhere(self._work, held)
        if there:
            return there.partition(",")[0]
        return _beyond(updater, names, inputs)


def changed_inputs(held: InstanceState, uses: str, inputs: Mapping[str, Any]) -> frozenset[str]:
    """The names of the inputs that are others than what stands there, or may be, as only apply knows them."""
    known = {name: value for name, value in inputs.items() if not contains_unknown(value)}
    before = held.inputs if isinstance(held.inputs, Mapping) else {}
    after = canonical(uses, known).inputs
    names = (before.keys() | after.keys()) - (inputs.keys() - known.keys())
    changed = {name for name in names if _text(before.get(name)) != _text(after.get(name))}
    return frozenset(changed | (inputs.keys() - known.keys()))


def _beyond(updater: Updater, names: frozenset[str], inputs: Mapping[str, Any]) -> str:
    """Which of the changes the update operation does not take."""
    way = updater.way
    beyond = sorted(names - way.takes)
    if beyond:
        return f"an update does not take {_some(beyond)}"
    gone = sorted(name for name in names if inputs.get(name) is None)
    if gone and (not way.whole or way.required.intersection(gone)):
        return f"an update cannot take {_some(gone)} away"
    for fault in updater.schema.faults(way.sent(inputs, names)):
        return f"an update would be wrong: {fault.message}"
    return ""


def may_be_there(held: InstanceState) -> bool:
    """Whether an update was given up of which nobody knows whether it was done."""
    return held.digest == UNSURE


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
