"""`moved:` in a manifest: items and jobs that have new names, and whose state follows them."""

from collections.abc import Mapping
from dataclasses import replace

from runner.model.event import Moved
from runner.model.fold import moved_instance
from runner.model.graph import Graph
from runner.model.manifest import Manifest
from runner.model.state import InstanceState, State


def moves(manifest: Manifest, graph: Graph, state: State) -> tuple[Moved, ...]:
    """What of the state has a new address: `from` and `to` name a job with all of its items, or one address.

    Nothing moves onto an address that the state knows, nor to one that the manifest does not have.
    """
    found = []
    taken = set(state.instances)
    for old, new in manifest.moved:
        for address in state.instances:
            if address != old and not address.startswith(f"{old}/"):
                continue
            to = new + address[len(old) :]
            if to in graph.instances and to not in taken and address not in graph.instances:
                taken.add(to)
                found.append(Moved(address=address, to=to))
    return tuple(found)


def moved_state(state: State, taken: tuple[Moved, ...]) -> State:
    """The state as it will be once these moves are recorded."""
    if not taken:
        return state
    names = {move.address: move.to for move in taken}
    instances: Mapping[str, InstanceState] = {
        names.get(address, address): moved_instance(held, names[address]) if address in names else held
        for address, held in state.instances.items()
    }
    return replace(state, instances=instances)
