"""Which verb an instance gets, from where it stands and what its manifest now says."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from runner.api.lifecycles.file_items import items_of
from runner.api.lifecycles.updating import UpdateWay
from runner.compile.checks.work import Work
from runner.compile.planning.canonical import Canonical, canonical
from runner.compile.planning.changes import Changes
from runner.compile.planning.consent import (
    Consents,
    agreed_to,
    import_command,
    replace_command,
    resolve_command,
)
from runner.compile.planning.diff import diff_inputs
from runner.compile.planning.facts import ACTION, BUILTIN, LOOKUP, AllFacts, JobFacts
from runner.compile.planning.removal import elsewhere
from runner.compile.planning.renames import Renames
from runner.compile.planning.select import Limit, asked_for, selected
from runner.compile.planning.sight import Sight
from runner.compile.planning.verbs import (
    DONE,
    IF_FALSE,
    KEPT,
    NEW,
    NOT_DONE,
    UNSELECTED,
    Decision,
    changed_fields,
    doubt,
    download,
    resume,
    settle,
    why_new,
)
from runner.model.errors import InvalidInput
from runner.model.graph import Instance
from runner.model.observation import Observations
from runner.model.plan import FieldDiff, Verb
from runner.model.state import FileState, InstanceState, Phase, State
from runner.model.unknown import Unknown, UnknownReached
from runner.model.wishes import Wishes

FilesView = Callable[[FileState], bool]
"""Whether a recorded file still stands there as it was recorded."""


class Decider:
    """Decides one instance after the other, in the order of the graph."""

    def __init__(
        self, work: Work, state: State, observed: Observations, wishes: Wishes, files: FilesView
    ) -> None:
        self.facts = AllFacts(work)
        self.sight = Sight(state)
        self._evaluator = work.evaluator
        self._elsewhere = partial(elsewhere, work)
        self._held = state.instances
        self._observed = observed
        self._wishes = wishes
        self._files = files
        self._consents = Consents(wishes)
        self._selected = selected(work.graph, wishes, asked_for(work, state, wishes))
        self._limit = Limit(wishes.limit)
        self._changes = Changes(work, self.sight, self._consents)
        self.renames = Renames(work, state)

    def decide(self, instance: Instance) -> Decision:
        """The decision about one instance; every instance it needs has been decided before."""
        address = instance.address
        if self._selected is not None and address not in self._selected:
            return UNSELECTED
        facts, held = self.facts[instance.job], self._held.get(address)
        try:
            return self._decide(facts, instance, held)
        except InvalidInput as error:
            # Only what was observed can have made it invalid: the same was checked before without it.
            reason = error.problems[0].told
            if held is not None and held.phase is Phase.READY and facts.kind not in (LOOKUP, BUILTIN):
                return self._beyond_comparing(facts, instance, held, reason)
            return Decision(Verb.BLOCKED, reason)

    def update_way(self, uses: str) -> UpdateWay:
        """What the update operation of a use does, where an update was decided."""
        updater = self._changes.updaters[uses]
        assert updater is not None
        return updater.way

    def _decide(self, facts: JobFacts, instance: Instance, held: InstanceState | None) -> Decision:
        if facts.kind is LOOKUP:
            return self._lookup(facts, instance, held)
        if facts.kind is BUILTIN:
            return self._builtin(facts, instance, held)
        phase = held.phase if held is not None else None
        if held is None or phase is Phase.GATED or phase in NOT_DONE:
            return self._anew(facts, instance, held, Verb.CREATE, why_new(held))
        if phase is Phase.READY:
            return self._ready(facts, instance, held)
        if phase is Phase.RUNNING:
            return resume(held, self._elsewhere(held))
        if phase is Phase.UNSETTLED:
            return settle(held)
        if phase is Phase.DOUBT:
            return doubt(held, resolve_command(instance.address))
        return self._ended_badly(facts, instance, held)

    def _ended_badly(self, facts: JobFacts, instance: Instance, held: InstanceState) -> Decision:
        if held.phase is Phase.FAILED:
            reason = f"failed there: {held.message or held.status or 'no reason given'}"
            made = self._canonical(facts, self._inputs(instance))
            if not facts.paid or agreed_to(held, made) or self._consents.for_failure(facts.job, held):
                return self._anew(facts, instance, held, Verb.REPLACE, reason)
            return Decision(Verb.BLOCKED, reason, command="runner apply --retry-failed")
        if self._consents.given(instance.address):
            return self._anew(facts, instance, held, Verb.REPLACE, why_new(held))
        return resume(held, self._elsewhere(held))

    def _anew(
        self, facts: JobFacts, instance: Instance, held: InstanceState | None, verb: Verb, reason: str
    ) -> Decision:
        """A new generation, unless something stands in the way; what is cheap to know is asked first."""
        wanted = self._condition(facts, instance)
        if wanted is False:
            return IF_FALSE
        if instance.needs:
            obstacle, firm = self.sight.obstacle(instance)
            if obstacle:
                return Decision(Verb.SKIP, obstacle, firm=firm)
        if self._observed.lookups:
            self._inputs(instance)  # what lookups gave can make them invalid
        if verb is Verb.CREATE:
            blocked = self._exists(facts, instance) or self._rename(facts, instance)
            if blocked is not None:
                return blocked
        plain = held is None and wanted is True
        return self._send(facts, instance, NEW if plain else Decision(verb, reason, sure=wanted is True))

    def _send(self, facts: JobFacts, instance: Instance, decision: Decision) -> Decision:
        block = self._observed.blocks.get(instance.address)
        if block is not None:
            return Decision(Verb.BLOCKED, block.reason, command=block.command, diff=decision.diff)
        if not self._limit.passes(instance):
            return Decision(Verb.SKIP, f"beyond --limit {self._wishes.limit}")
        decision = replace(decision, verb=Verb.CALL) if facts.kind is ACTION else decision
        if not facts.job.approve:
            return decision
        from runner.compile.planning.gates import gated

        made = self._canonical(facts, self._inputs(instance))
        return gated(decision, instance, self._held.get(instance.address), made, self.sight, self.facts)

    def _exists(self, facts: JobFacts, instance: Instance) -> Decision | None:
        remotes = self._observed.remotes.get(instance.address)
        if not remotes or self._wishes.new_state or facts.job.mark_append:
            return None
        which = f"a {facts.noun}" if len(remotes) == 1 else f"{len(remotes)} {facts.noun}s"
        reason = f"{facts.provider_name} holds {which} of this name that this state does not know"
        return Decision(Verb.BLOCKED, reason, command=import_command(instance.job, instance.address))

    def _rename(self, facts: JobFacts, instance: Instance) -> Decision | None:
        if not self.renames or not facts.paid or self._consents.given(instance.address):
            return None
        made = self._canonical(facts, self._inputs(instance))
        if made is None:
            return None
        former, reason = self.renames.likely(instance.address, facts.job.uses, facts.resource, made)
        if not former:
            return None
        return Decision(Verb.BLOCKED, reason, command=f"runner state mv {former} {instance.address}")

    def _ready(self, facts: JobFacts, instance: Instance, held: InstanceState) -> Decision:
        if self._condition(facts, instance) is False:
            return KEPT
        inputs = self._inputs(instance)
        made = self._canonical(facts, inputs)
        if made is None:
            return self._otherwise(facts, instance, held, self._changes.open(facts, instance, held, inputs))
        # What was imported while its inputs were unknown has no digest, and stands for what the manifest says.
        if not held.digest or made.digest in (held.digest, held.accepted):
            return self._missing_files(facts, instance, held)
        decision = self._changes.known(facts, instance, held, inputs, made, agreed_to(held, made))
        if facts.paid and decision.verb is not Verb.UPDATE:
            find = facts.resource.delivery.find if facts.resource is not None else None
            self.renames.otherwise(held, made.inputs, find.field if find is not None else "")
        return self._otherwise(facts, instance, held, decision)

    def _beyond_comparing(
        self, facts: JobFacts, instance: Instance, held: InstanceState, reason: str
    ) -> Decision:
        """Finished with what is not offered any more, such as a voice: it stays, and its files are fetched."""
        missing = self._missing_files(facts, instance, held)
        words = f"done; what it should be made of now cannot be had: {reason}"
        return Decision(Verb.NONE, words, sure=False) if missing is DONE else missing

    def _otherwise(
        self, facts: JobFacts, instance: Instance, held: InstanceState, decision: Decision
    ) -> Decision:
        """What is finished should be otherwise: it is sent, unless something stands in the way."""
        if decision.verb in (Verb.UPDATE, Verb.REPLACE):
            return self._send(facts, instance, decision)
        if decision.verb is Verb.NONE and decision.diff:  # it is kept: so its files are wanted
            missing = self._missing_files(facts, instance, held)
            return decision if missing is DONE else missing
        return decision

    def _missing_files(self, facts: JobFacts, instance: Instance, held: InstanceState) -> Decision:
        if not facts.job.save:
            return DONE
        found = {path for path, file in held.files.items() if file.done and self._files(file)}
        for name, paths in self._evaluator.saves(instance, self.sight.view(instance)).items():
            for path in paths:
                if isinstance(path, Unknown):
                    lost = self._missing_item(facts, instance, held, name, found)
                elif path not in found:
                    lost = path
                else:
                    continue
                if lost and held.seen == "gone":
                    reason = f"{lost} is missing, and has gone there too: only paying anew brings it back"
                    if self._consents.given(instance.address):
                        return self._anew(facts, instance, held, Verb.REPLACE, reason)
                    return Decision(Verb.BLOCKED, reason, command=replace_command(instance.address))
                if lost:
                    saved = lost in held.files and held.files[lost].done
                    return download(lost, self._elsewhere(held), saved=saved)
        return DONE

    def _missing_item(
        self, facts: JobFacts, instance: Instance, held: InstanceState, name: str, found: set[str]
    ) -> str:
        """The first file of a part, or of another item of the answer, that is not here; its path names the item."""
        items = items_of(facts.resource, name, held.outputs, held.parts) if facts.resource is not None else ()
        for item in items:
            for path in self._evaluator.saves(instance, self.sight.view(instance), item)[name]:
                if isinstance(path, str) and path not in found:
                    return path
        return ""

    def _builtin(self, facts: JobFacts, instance: Instance, held: InstanceState | None) -> Decision:
        wanted = self._condition(facts, instance)
        if wanted is False:
            return IF_FALSE
        obstacle, firm = self.sight.obstacle(instance)
        if obstacle:
            return Decision(Verb.SKIP, obstacle, firm=firm)
        made = self._canonical(facts, self._inputs(instance))
        diff: tuple[FieldDiff, ...] = ()
        if held is not None and made is not None:
            if held.digest == made.digest:
                return DONE
            diff = diff_inputs(held.inputs, made.inputs)
        reason = f"{changed_fields(diff)} changed" if diff else "new"
        return self._send(facts, instance, Decision(Verb.CREATE, reason, sure=wanted is True, diff=diff))

    def _lookup(self, facts: JobFacts, instance: Instance, held: InstanceState | None) -> Decision:
        if self._condition(facts, instance) is False:
            return IF_FALSE
        obstacle, firm = self.sight.obstacle(instance)
        if obstacle:
            return Decision(Verb.SKIP, obstacle, firm=firm)
        made = self._canonical(facts, self._inputs(instance))
        if held is not None and made is not None and not facts.volatile and held.digest == made.digest:
            self.sight.know(instance.address, held.outputs)
            return Decision(Verb.NONE, "read before, and pinned")
        seen = self._observed.lookups.get(instance.address)
        block = self._observed.blocks.get(instance.address)
        if block is not None:
            return Decision(Verb.BLOCKED, block.reason, command=block.command)
        if seen is None:
            return Decision(Verb.READ, "read while applying")
        self.sight.know(instance.address, seen)
        return Decision(Verb.READ, "read for this plan")

    def _condition(self, facts: JobFacts, instance: Instance) -> bool | Unknown:
        if not facts.conditional:
            return True
        found: bool | Unknown = self._evaluator.condition(instance, self.sight.view(instance))
        return found

    def _inputs(self, instance: Instance) -> Any:
        return self._evaluator.inputs(instance, self.sight.view(instance))

    def _canonical(self, facts: JobFacts, inputs: Any) -> Canonical | None:
        """None while something in the inputs is unknown."""
        try:
            return canonical(facts.job.uses, inputs)
        except UnknownReached:
            return None
