"""What an instance sees of those it waits for, while the plan walks the graph in its order."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.compile.expressions.scope import ABSENT, OutputsView, PartialOutputs
from runner.compile.planning.verbs import ENDED_BADLY, Decision
from runner.model.graph import Instance, Need
from runner.model.manifest import SETTLED, SUBMITTED
from runner.model.plan import Verb
from runner.model.state import Phase, State

CHANGING = frozenset(
    {Verb.CREATE, Verb.ADOPT, Verb.SETTLE, Verb.RESUME, Verb.UPDATE, Verb.REPLACE, Verb.DELETE, Verb.CALL}
)
"""Verbs after which an instance's outputs are others than those recorded."""

_ENDED = (Phase.READY, Phase.FAILED, Phase.STALLED)


def job_of(address: str) -> str:
    """The job that an address belongs to; a job's name holds no slash."""
    return address.partition("/")[0]


class Sight:
    """The decisions so far, and what follows from them for those behind."""

    def __init__(self, state: State) -> None:
        self._held = state.instances
        self._known: dict[str, Mapping[str, Any]] = {}
        self._changing: set[str] = set()
        self._updating: set[str] = set()
        self._out: dict[str, Decision] = {}
        self._job_out: dict[str, list[str]] = {}
        self._job_changing: dict[str, str] = {}

    def note(self, instance: Instance, decision: Decision) -> None:
        """Remembers a decision, before those behind it are decided."""
        if decision.verb is Verb.UPDATE:
            self._updating.add(instance.address)
        if decision.verb in CHANGING:
            self._changing.add(instance.address)
            self._job_changing.setdefault(instance.job, instance.address)
        elif decision.verb in (Verb.SKIP, Verb.BLOCKED):
            self._out[instance.address] = decision
            self._job_out.setdefault(instance.job, []).append(instance.address)

    def know(self, address: str, outputs: Mapping[str, Any]) -> None:
        """These are an instance's outputs, known before apply."""
        self._known[address] = outputs

    def outputs(self, address: str) -> Mapping[str, Any] | None:
        """An instance's outputs as expressions see them: None while unknown, ABSENT when there will be none."""
        known = self._known.get(address)
        if known is not None:
            return known
        held = self._held.get(address)
        if address not in self._changing:
            if held is not None and held.phase in _ENDED:
                return held.outputs
            decision = self._out.get(address)
            return ABSENT if decision is not None and not decision.firm else None
        if held is not None and (held.phase is Phase.RUNNING or address in self._updating):
            return PartialOutputs({"id": held.id})  # which no update changes
        return None

    def view(self, instance: Instance) -> OutputsView:
        """The outputs as this instance sees them: more of what runs, where it waits only for the submission."""
        if not instance.needs:
            return self.outputs
        early = {need.target for need in instance.needs if need.until == SUBMITTED}
        if not early:
            return self.outputs

        def seen(address: str) -> Mapping[str, Any] | None:
            held = self._held.get(address)
            if held is not None and held.phase is Phase.RUNNING and {address, job_of(address)} & early:
                return PartialOutputs({**held.outputs, "id": held.id})
            return self.outputs(address)

        return seen

    def obstacle(self, instance: Instance) -> tuple[str, bool]:
        """Why nothing can be sent for this instance (empty: nothing), and whether that is firm."""
        for need in instance.needs:
            targets = self._job_out.get(need.target, ()) if need.gather else (need.target,)
            for target in targets:
                decision = self._out.get(target)
                if decision is not None and not self._passable(target, decision, need):
                    word = "blocked" if decision.verb is Verb.BLOCKED else "skipped"
                    return f"waits for {target}, which is {word}", decision.firm
        return "", False

    def _passable(self, target: str, decision: Decision, need: Need) -> bool:
        held = self._held.get(target)
        ended = held is not None and (held.phase in ENDED_BADLY)
        if need.tolerant or need.until == SETTLED:
            return not decision.firm or ended
        return False

    def changing(self, instance: Instance) -> str:
        """The first of those it waits for whose outputs will change, or nothing."""
        return next(self.all_changing(instance), "")

    def all_changing(self, instance: Instance) -> Iterator[str]:
        """Those it waits for whose outputs will change; of a whole job the first."""
        for need in instance.needs:
            found = self._job_changing.get(need.target) if need.gather else need.target
            if found is not None and found in self._changing:
                yield found

    def pending(self, instance: Instance) -> Iterator[str]:
        """The same, but for those that are waited for no further than they have come already."""
        for need in instance.needs:
            found = self._job_changing.get(need.target) if need.gather else need.target
            if found is None or found not in self._changing:
                continue
            held = self._held.get(found)
            if need.until != SUBMITTED or held is None or held.phase is not Phase.RUNNING:
                yield found
