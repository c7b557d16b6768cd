"""What it means to leave finished work as it is: the digests of the inputs that it does not have."""

from collections.abc import Mapping
from typing import Any

from runner.compile.checks.work import Work
from runner.compile.planning.canonical import canonical
from runner.compile.planning.plan import plan
from runner.model.event import Accepted
from runner.model.observation import Observations
from runner.model.plan import Verb
from runner.model.state import Phase, State
from runner.model.unknown import contains_unknown
from runner.model.wishes import Globs


def acceptances(work: Work, state: State, glob: str, observed: Observations) -> tuple[Accepted, ...]:
    """An event for each finished instance under `glob` whose inputs changed and are known.

    `observed` holds what lookups gave, where inputs depend on them.
    """
    globs = Globs([glob])
    found = []
    for change in plan(work, state, observed):
        held = state.instances.get(change.address)
        if change.address not in globs or held is None or held.phase is not Phase.READY:
            continue
        if change.verb in (Verb.BLOCKED, Verb.REPLACE, Verb.UPDATE, Verb.CALL) and change.sure:
            event = _acceptance(work, state, change.address, observed)
            found += [event] if event is not None else []
    return tuple(found)


def _acceptance(work: Work, state: State, address: str, observed: Observations) -> Accepted | None:
    def outputs(other: str) -> Mapping[str, Any] | None:
        held = state.instances.get(other)
        seen = observed.lookups.get(other)
        return seen if seen is not None or held is None else held.outputs

    instance = work.graph.instances[address]
    job = work.manifest.jobs[instance.job]
    inputs = work.evaluator.inputs(instance, outputs)
    if contains_unknown(inputs):
        return None
    made = canonical(job.uses, inputs)
    return Accepted(address=address, digest=made.digest, inputs=made.inputs)
