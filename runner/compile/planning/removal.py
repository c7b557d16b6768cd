"""What would be deleted: everything that the state knows (`destroy`), or what left the manifest (`--prune`)."""

from collections.abc import Iterable, Mapping

from runner.api.lifecycles.removing import can_delete
from runner.compile.checks.work import Work
from runner.compile.planning.consent import resolve_command
from runner.compile.planning.facts import BUILTINS
from runner.model.plan import Change, Plan, Verb
from runner.model.state import InstanceState, Phase, State
from runner.model.wishes import Globs, Wishes


def destroy_plan(work: Work, state: State, wishes: Wishes) -> Plan:
    """The plan that leaves nothing of what the state knows, what was made last first.

    `wishes.targets` and `wishes.exclude` choose among the addresses of the state. What no API can delete stays known.
    """
    targets, exclude = Globs(wishes.targets), Globs(wishes.exclude)
    chosen = [
        address
        for address in _last_first(work, state)
        if (not targets or address in targets) and address not in exclude
    ]
    changes = {address: removal(work, state.instances[address], destroying=True) for address in chosen}
    return Plan(manifest=work.manifest.name, changes=changes)


def prunings(
    work: Work, state: State, left: Iterable[str], kept: Mapping[str, str], wishes: Wishes
) -> dict[str, Change]:
    """Changes for what left the manifest. `kept`: address → the new one that it was most likely renamed to."""
    targets, exclude = Globs(wishes.targets), Globs(wishes.exclude)
    standing = {
        (held.account, id): address
        for address, held in state.instances.items()
        if address in work.graph.instances
        for id in held.ids
    }
    found = {}
    for address in left:
        if (targets and address not in targets) or address in exclude:
            continue
        change = removal(work, state.instances[address], destroying=False)
        if address in kept and change.verb is Verb.DELETE:
            reason, command = (
                f"most likely renamed to {kept[address]}",
                f"runner state mv {address} {kept[address]}",
            )
            change = _change(state.instances[address], Verb.BLOCKED, reason, command)
        held = state.instances[address]
        other = standing.get((held.account, held.id)) if change.verb is Verb.DELETE and held.id else None
        if other is not None:
            change = _change(
                held, Verb.BLOCKED, f"{held.id} is what {other} stands on, which the manifest has"
            )
        found[address] = change
    return found


def removal(work: Work, held: InstanceState, *, destroying: bool) -> Change:
    """Whether one thing can be deleted, or why not."""
    if held.phase in (Phase.UNSETTLED, Phase.DOUBT):
        reason = "the outcome of its last call is not known"
        command = resolve_command(held.address) if held.phase is Phase.DOUBT else "runner apply"
        return _change(held, Verb.BLOCKED, reason, command)
    if not held.id or held.uses in BUILTINS:
        return _change(held, Verb.DELETE, "nothing of it stands there; only the state forgets it")
    provider = held.uses.partition(".")[0]
    use = work.catalogue.use(held.uses) if provider in work.settings else None
    if not can_delete(use):
        return _change(
            held, Verb.NONE, f"kept: {held.uses} cannot be deleted there (`runner state rm` forgets it)"
        )
    there = elsewhere(work, held)
    if there:
        return _change(held, Verb.BLOCKED, f"{there} to delete it there")
    if held.phase is Phase.RUNNING and not destroying:
        reason = f"still running there as {held.id}"
        return _change(held, Verb.BLOCKED, reason, f"runner cancel {held.address}")
    running = "; it still runs, and what is paid for it is lost" if held.phase is Phase.RUNNING else ""
    former = [id for _, id in held.former if id != held.id]
    staying = f"; what it replaced stays there: {', '.join(former)}" if former else ""
    return _change(held, Verb.DELETE, f"{held.id} is deleted there; files here stay{running}{staying}")


def elsewhere(work: Work, held: InstanceState) -> str:
    """Where it stands, if not where the manifest now leads: the same id may be another's there, or nobody's."""
    provider = held.uses.partition(".")[0]
    if provider not in work.settings:
        return ""  # it leads nowhere now, which is told by itself
    base = work.settings[provider].base_url or work.catalogue.provider(provider).base_url
    if held.account in ("", f"{provider} {base.rstrip('/')}"):
        return ""
    there = held.account.partition(" ")[2]
    return f"it stands at {there}, and the manifest now names {base}: put that back"


def _change(held: InstanceState, verb: Verb, reason: str, command: str = "") -> Change:
    job = held.address.partition("/")[0]
    return Change(held.address, job, held.uses, verb, reason, generation=held.generation, command=command)


def _last_first(work: Work, state: State) -> list[str]:
    """Addresses of the state: those that left, then those of the manifest, each before what it was made from."""
    known = work.graph.instances
    left = [address for address in state.instances if address not in known]
    return [*left, *(address for address in reversed(tuple(known)) if address in state.instances)]
