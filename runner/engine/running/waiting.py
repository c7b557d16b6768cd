"""From an identity to an end: which instances are polled, and what becomes of what is seen."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.effects import Collection
from runner.api.lifecycles.file_items import wrapped
from runner.api.lifecycles.items import item_is_whole
from runner.api.lifecycles.parts import all_ended, part_name, place_of, read_parts, whole_outcome
from runner.api.messages.reading import Reading
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.engine.running.orders import inputs_of
from runner.engine.running.poller import Poller
from runner.engine.running.texts import texts_of
from runner.engine.running.updates import awaited_use
from runner.engine.running.waiters import Waiter
from runner.model.event import Finished, Progressed
from runner.model.part import PartFinished
from runner.model.state import InstanceState, Phase

if TYPE_CHECKING:
    from runner.engine.running.apply import Apply


class Waiting:
    """Puts instances and parts into the poller, and records what it sees."""

    def __init__(self, run: "Apply") -> None:
        self._run = run
        self._desk = run.desk
        self._given_up: set[str] = set()
        self._whole: dict[str, bool] = {}
        self._named: dict[str, frozenset[str]] = {}
        self.poller = Poller(run.desk.walks, self._seen, self._lost, run.failed, run.desk.options.speed)

    def wait(self, state: InstanceState) -> None:
        """Wait for the end of what `state` stands for; what has no status of its own is ready at once."""
        run, desk = self._run, self._desk
        use = awaited_use(desk.use(state.uses), state)
        kind = use.kind
        alone = isinstance(kind, Resource) and kind.parts is not None and kind.parts.read is not None
        if not isinstance(kind, Resource) or kind.status is None or (kind.read is None and not alone):
            ready = Finished(address=state.address, generation=state.generation, outcome="ready")
            run.note(ready)
            return
        desk.tally.running.add(state.address)
        if desk.options.no_wait or run.ending:
            return
        if not alone:
            self._add(state, use, kind, state.id, -1)
            return
        for part in state.parts:
            if not part.ended:
                self._add(state, use, kind, part.id, part.index)
        if all_ended(state.parts):
            self._close(state.address, state.generation)

    def _add(self, state: InstanceState, use: Use, kind: Resource, id: str, part: int) -> None:
        run, desk, loop = self._run, self._desk, asyncio.get_running_loop()
        instance = desk.work.graph.instances.get(state.address)
        timeout = desk.work.manifest.jobs[instance.job].timeout if instance is not None else None
        inputs = inputs_of(desk, state)
        within = kind.fresh.within / desk.options.speed if kind.fresh is not None else 0.0
        run.enter()
        self.poller.add(
            Waiter(
                address=state.address,
                generation=state.generation,
                id=id,
                use=use,
                account=desk.accounts[use.provider.name],
                inputs=inputs,
                began=loop.time(),
                collection=self._collection(use, kind, inputs),
                deadline=loop.time() + timeout if timeout is not None else None,
                status=state.status,
                before=state.before,
                fresh_until=loop.time() + within,
                part=part,
                whole=self._is_whole(use, kind),
                wanted=self._wanted(instance.job) if instance is not None else frozenset(),
            )
        )

    def _is_whole(self, use: Use, kind: Resource) -> bool:
        if use.uses not in self._whole:
            self._whole[use.uses] = bool(kind.wait.list) and item_is_whole(use, kind.wait.list)
        return self._whole[use.uses]

    def _wanted(self, job: str) -> frozenset[str]:
        """The outputs of a job that expressions of others name."""
        if job not in self._named:
            self._named[job] = frozenset(
                field
                for compiled in self._desk.work.evaluator.jobs.values()
                for _, reference in compiled.references
                if reference.job == job
                for field in reference.fields
                if field is not None
            )
        return self._named[job]

    def _collection(self, use: Use, kind: Resource, inputs: Mapping[str, object]) -> Collection | None:
        """The list that tells of this one too; none where its parameters are not known from the inputs."""
        if not kind.wait.list:
            return None
        sent = use.provider.lists[kind.wait.list].send.values()
        if any(isinstance(source, str) and source.startswith("$observed.") for source in sent):
            return None
        account = self._desk.accounts[use.provider.name]
        return collection_of(use.provider, account.key, kind.wait.list, inputs)

    async def _seen(self, waiter: Waiter, reading: Reading) -> bool:
        """Record what was read; true when the wait is over."""
        if waiter.part >= 0:
            return self._part_seen(waiter, reading)
        self._parts_seen(waiter, reading)
        if reading.outcome == "running":
            state = self._desk.state(waiter.address)
            if state is not None and all_ended(state.parts):
                self._close(waiter.address, waiter.generation, reading)
                self._run.leave()
                return True
            return self._progress(waiter, reading)
        state = self._desk.state(waiter.address)
        outputs = {**(state.outputs if state is not None else {}), **reading.outputs}
        if state is not None and reading.outcome == "ready":
            outputs |= await texts_of(self._desk, state, outputs)
        self._run.note(
            Finished(
                address=waiter.address,
                generation=waiter.generation,
                outcome=reading.outcome,
                status=reading.status,
                message=reading.message,
                outputs=outputs,
                cost=reading.cost,
                unit=reading.unit,
            )
        )
        self._run.leave()
        return True

    def _progress(self, waiter: Waiter, reading: Reading) -> bool:
        if reading.status != waiter.status:
            waiter.status = reading.status
            self._run.note(
                Progressed(address=waiter.address, generation=waiter.generation, status=reading.status)
            )
            self._desk.tell(waiter.address, "running", reading.status)
        return False

    def _part_seen(self, waiter: Waiter, reading: Reading) -> bool:
        if reading.outcome == "running":
            return False
        kind, held = waiter.use.kind, self._desk.state(waiter.address)
        assert isinstance(kind, Resource)
        name = part_name(kind, reading.outputs)
        self._run.note(
            PartFinished(
                address=waiter.address,
                generation=waiter.generation,
                index=place_of(held.parts if held is not None else (), name, waiter.part),
                id=waiter.id,
                outcome=reading.outcome,
                status=reading.status,
                message=reading.message,
                name=name,
                outputs=reading.outputs,
            )
        )
        state = self._desk.state(waiter.address)
        if state is not None and all_ended(state.parts):
            self._close(waiter.address, waiter.generation)
        self._run.leave()
        return True

    def _parts_seen(self, waiter: Waiter, reading: Reading) -> None:
        """Record the parts that an answer shows ended, each once."""
        kind, state = waiter.use.kind, self._desk.state(waiter.address)
        if not isinstance(kind, Resource) or kind.parts is None or state is None:
            return
        known = {part.id: part for part in state.parts}
        for index, part in enumerate(read_parts(kind, wrapped(waiter.use.kind, reading.outputs))):
            held = known.get(part.id)
            if part.outcome == "running" or (held is not None and held.ended):
                continue
            self._run.note(
                PartFinished(
                    address=waiter.address,
                    generation=waiter.generation,
                    index=held.index if held is not None else index,
                    id=part.id,
                    outcome=part.outcome,
                    status=part.status,
                    message=part.message,
                    name=part.name,
                    outputs=part.outputs,
                )
            )

    def _close(self, address: str, generation: int, reading: Reading | None = None) -> None:
        """Every part has ended: so has the whole."""
        state = self._desk.state(address)
        if state is None or state.phase is not Phase.RUNNING:
            return  # two parts that ended at once both find that all have ended
        outcome, message = whole_outcome(state.parts)
        seen = reading.outputs if reading is not None else {}
        parts = [part.as_item() for part in state.parts]
        self._run.note(
            Finished(
                address=address,
                generation=generation,
                outcome=outcome,
                status=reading.status if reading is not None else outcome,
                message=message,
                outputs={**state.outputs, **seen, "parts": parts},
            )
        )

    async def _lost(self, waiter: Waiter, kind: str, reason: str) -> None:
        """The wait is over without an end of the work that could be read."""
        if kind in ("vanished", "stalled"):
            stalled = Reading(waiter.id, waiter.status, "stalled", reason)
            await self._seen(waiter, stalled)
            return
        if waiter.address not in self._given_up:
            self._given_up.add(waiter.address)
            self._run.fail(waiter.address, kind, reason, started=True)
        self._run.leave()
