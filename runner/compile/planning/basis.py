"""What a plan is made from, as digests, and what of it has moved since."""

from collections.abc import Mapping
from typing import Any

from runner.compile.checks.work import Work
from runner.compile.planning.canonical import canonical
from runner.model.errors import InvalidInput
from runner.model.observation import Observations
from runner.model.plan import SENDING, Plan
from runner.model.saved import Basis
from runner.model.state import Phase, State
from runner.model.unknown import UnknownReached

SHOWN = 3


def basis_of(work: Work, plan: Plan, state: State, observed: Observations) -> Basis:
    """The basis of a plan that was just made. Reads the files once more, for their digests."""
    return Basis(
        manifest=work.manifest.digest,
        files=work.evaluator.reads.digests(),
        providers={name: work.catalogue.provider(name).digest for name in _providers(work)},
        inputs=_inputs(work, plan, state, observed),
        lineage=state.lineage,
        sequence=state.sequence,
    )


def moved(before: Basis, now: Basis) -> str:
    """What has moved between two bases, in words; empty when nothing has."""
    if before.manifest != now.manifest:
        return "the manifest, or a var given for it, has changed"
    files = _differing(before.files, now.files)
    if files:
        return f"{_some(files)} {'has' if len(files) == 1 else 'have'} changed"
    providers = _differing(before.providers, now.providers)
    if providers:
        return f"the document of {_some(providers)} has changed"
    if (before.lineage or now.lineage, before.sequence) != (now.lineage, now.sequence):
        return "the state has moved on"
    inputs = _differing(before.inputs, now.inputs)
    if inputs:
        return f"the inputs of {_some(inputs)} are not those of the plan: does the environment differ?"
    return ""


def _providers(work: Work) -> list[str]:
    return sorted({job.uses.partition(".")[0] for job in work.manifest.jobs.values()} & set(work.settings))


def _inputs(work: Work, plan: Plan, state: State, observed: Observations) -> dict[str, str]:
    def outputs(address: str) -> Mapping[str, Any] | None:
        if address in observed.lookups:
            return observed.lookups[address]
        held = state.instances.get(address)
        return held.outputs if held is not None and held.phase is Phase.READY else None

    found = {}
    for change in plan:
        instance = work.graph.instances.get(change.address)
        if change.verb not in SENDING or instance is None:
            continue
        try:
            found[change.address] = canonical(change.uses, work.evaluator.inputs(instance, outputs)).digest
        except (UnknownReached, InvalidInput):
            continue  # known only while applying, which is what the plan says of it
    return found


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {**before, **now} if before.get(name) != now.get(name))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
