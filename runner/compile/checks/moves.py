"""`moved:` in a manifest: items and jobs that have new names, and whose state follows them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.compile.instances.findings import Findings
from runner.model.event import Moved
from runner.model.fold import moved_instance
from runner.model.graph import Graph
from runner.model.manifest import Manifest
from runner.model.state import InstanceState, State


def moves(manifest: Manifest, graph: Graph, state: State) -> tuple[Moved, ...]:
    """What of the state has a new address: `from` and `to` name a job with all of its items, or one address.

    A name that was changed twice is followed to the end, whatever the order of the entries: some state may be as old as
    the first of them. Nothing moves onto an address that the state knows, nor to one that the manifest does not have.
    """
    found = []
    taken = set(state.instances)
    for address, held in state.instances.items() if manifest.moved else ():
        if address in graph.instances:
            continue
        to = _destination(held, manifest, graph)
        if to and to not in taken:
            taken.add(to)
            found.append(Moved(address=address, to=to))
    return tuple(found)


def _destination(held: InstanceState, manifest: Manifest, graph: Graph) -> str:
    """The first name that the manifest has, on the ways that lead away from an address which it does not have."""
    ways = [held.address]
    for name in ways:
        for old, new in manifest.moved:
            if name != old and not name.startswith(f"{old}/"):
                continue
            to = new + name[len(old) :]
            if to in graph.instances:
                return to if held.uses in ("", manifest.jobs[graph.instances[to].job].uses) else ""
            if to not in ways:
                ways.append(to)
    return ""


def check_moved(manifest: Manifest, graph: Graph, findings: Findings) -> None:
    """Entries that cannot be meant: what they should keep from being paid for again would be paid for."""
    further: dict[str, str] = {}
    for index, (old, new) in enumerate(manifest.moved):
        for word, name in (("from", old), ("to", new)):
            if any(sign in name for sign in "*?["):
                hint = "name a job, which takes all of its items along, or one address"
                findings.add("bad-moved", f"`{name}` holds a wildcard", ("moved", index, word), hint)
        if further.setdefault(old, new) != new:
            hint = "one thing goes to one place: take one of them out"
            findings.add(
                "bad-moved", f"`{old}` moves to `{further[old]}` and here", ("moved", index, "to"), hint
            )
        if old == new or _in_circle(old, manifest.moved):
            hint = "give items that changed places their keys back, or pay for both anew"
            findings.add("bad-moved", f"`{old}` moves in a circle", ("moved", index, "from"), hint)
        elif old in graph.jobs or old in graph.instances:
            hint = (
                "take the entry out; for keys that others have by now type `runner state mv`, the last first"
            )
            findings.add(
                "bad-moved",
                f"`{old}` is still in the manifest: nothing moves",
                ("moved", index, "from"),
                hint,
            )


def _in_circle(old: str, moved: Sequence[tuple[str, str]]) -> bool:
    """Whether the entries lead from a name back to itself."""
    further = dict(moved)
    name, steps = further[old], 0
    while name != old and name in further and steps < len(moved):
        name, steps = further[name], steps + 1
    return name == old


def moved_pairs(taken: tuple[Moved, ...]) -> tuple[tuple[str, str], ...]:
    """The same for a plan to show."""
    return tuple((move.address, move.to) for move in taken)


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
