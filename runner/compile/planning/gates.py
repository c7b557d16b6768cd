"""Approval gates in the plan: what waits there, what a person has let through, and what stands behind."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from runner.compile.planning.canonical import Canonical
from runner.compile.planning.diff import diff_inputs
from runner.compile.planning.facts import BUILTIN, AllFacts
from runner.compile.planning.sight import Sight, job_of
from runner.compile.planning.verbs import Decision, changed_fields
from runner.model.errors import WrongUsage
from runner.model.gate import GIVEN, LATER, NEEDED, Gate
from runner.model.graph import Graph, Instance
from runner.model.plan import Change, Plan, Verb
from runner.model.state import InstanceState, State
from runner.model.wishes import Globs, Wishes

WAITS = "waits for approval"
IDLE = (Verb.NONE, Verb.SKIP, Verb.BLOCKED)


def approve_command(address: str) -> str:
    """What a person types to let one instance through its gate."""
    return f"runner approve '{address}'"


def gated(
    decision: Decision,
    instance: Instance,
    held: InstanceState | None,
    made: Canonical | None,
    sight: Sight,
    facts: AllFacts,
) -> Decision:
    """The decision to send something, as it stands to its gate; `made` are its inputs, None while they are unknown."""
    for cause in sight.pending(instance):
        if facts[job_of(cause)].kind is not BUILTIN:  # what is built here is known before it is built
            return replace(
                decision, reason=f"{decision.reason}; {WAITS} once {cause} is done", approval=LATER
            )
    gate = gate_of(held)
    digest = made.digest if made is not None else gate.digest if gate is not None else ""
    if not digest:
        return replace(
            decision, reason=f"{decision.reason}; {WAITS} once its inputs are known", approval=LATER
        )
    if gate is not None and gate.by and gate.digest == digest:
        reason = f"{decision.reason}; approved by {gate.by}"
        return replace(decision, reason=reason, approval=GIVEN, digest=digest)
    note = lapsed(gate, made) if made is not None else ""
    return replace(
        decision,
        reason=f"{decision.reason}; {WAITS}{f': {note}' if note else ''}",
        approval=NEEDED,
        digest=digest,
        command=decision.command or approve_command(instance.address),
    )


def gate_of(held: InstanceState | None) -> Gate | None:
    """The gate before the generation that would be made next; one before another generation says nothing of it."""
    gate = held.gate if held is not None else None
    return gate if held is not None and gate is not None and gate.generation == held.next_generation else None


def lapsed(gate: Gate | None, made: Canonical) -> str:
    """Why an approval does not count for these inputs; empty where there was none."""
    if gate is None:
        return ""
    if not gate.by or gate.digest == made.digest:
        return gate.note if gate.digest == made.digest else ""
    named = changed_fields(diff_inputs(gate.inputs, made.inputs)) if gate.inputs is not None else ""
    return f"{gate.by} approved other inputs{f' ({named} changed)' if named else ''}"


def only_gates(graph: Graph, plan: Plan, recorded: Callable[[Change], bool]) -> bool:
    """Whether nothing of a plan can be done before somebody approves: all that is to be sent stands at a gate that
    is `recorded`, or behind one."""
    if plan.unsettled:
        return False
    waiting: set[str] = set()
    jobs: set[str] = set()
    for change in plan:
        if change.verb in IDLE:
            continue
        instance = graph.instances.get(change.address)
        if instance is None:
            return False
        at_gate = change.approval == NEEDED and recorded(change)
        if not at_gate and not any(
            need.target in (jobs if need.gather else waiting) for need in instance.needs
        ):
            return False
        waiting.add(change.address)
        jobs.add(change.job)
    return True


def reached(state: State, patterns: Iterable[str]) -> Wishes:
    """The consents of the runs that came to a gate under one of these globs: it is about what they were to pay anew."""
    globs = Globs(patterns)
    return Wishes(
        replace=tuple(
            address for address, held in state.instances.items() if gate_of(held) and address in globs
        )
    )


def approvable(plan: Plan, state: State, patterns: Iterable[str]) -> tuple[Change, ...]:
    """What waits for approval under each of these globs. Raises WrongUsage where under one of them nothing does, and
    then nothing is approved."""
    found: dict[str, Change] = {}
    for pattern in patterns:
        named = [change for change in plan if change.address in Globs([pattern])]
        if not named:
            raise WrongUsage(f"no instance is called {pattern}", "`runner plan --verbose` lists all")
        waiting = [change for change in named if change.approval == NEEDED]
        if not waiting:
            raise _not_waiting(named[0], state.instances.get(named[0].address))
        found |= {change.address: change for change in waiting}
    return tuple(found.values())


def _not_waiting(change: Change, held: InstanceState | None) -> WrongUsage:
    """Why there is nothing to approve, and what to do instead."""
    address, gate = change.address, gate_of(held)
    if change.approval == GIVEN:
        when = f" at {gate.at}" if gate is not None else ""
        by = gate.by if gate is not None else "somebody"
        return WrongUsage(f"{address} was approved by {by}{when}", "`runner apply` sends it")
    if change.approval == LATER:
        reason = change.reason.rpartition(f"; {WAITS} ")[2]
        return WrongUsage(
            f"{address} does not wait for approval yet: it does {reason}",
            "approve it when `runner apply` has come to it",
        )
    if change.verb in IDLE:
        return WrongUsage(
            f"{address} does not wait for approval: {change.reason}",
            change.command or f"`runner show {address}` tells what is known of it",
        )
    return WrongUsage(
        f"{address} does not wait for approval: {change.spelled}, {change.reason}", "`runner apply` does it"
    )


def outdated(graph: Graph, plan: Plan, state: State) -> list[tuple[InstanceState, str]]:
    """Gates that the state knows and at which nothing waits any more, with the reason."""
    found = []
    for address, held in state.instances.items():
        if held.gate is None:
            continue
        change = plan.changes.get(address)
        if address not in graph.instances:
            found.append((held, "it left the manifest"))
        elif change is not None and change.verb in (Verb.NONE, Verb.DOWNLOAD):
            found.append((held, "what stands there is what the manifest wants"))
    return found
