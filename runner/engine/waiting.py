"""From an identity to an end: which instances are polled, and what becomes of what is seen."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.api.lifedata import Resource
from runner.api.reading import Reading
from runner.engine.poller import Poller, Waiter
from runner.engine.walks import collection_of
from runner.model.event import Finished, Progressed
from runner.model.state import InstanceState

if TYPE_CHECKING:
    from runner.engine.apply import Apply


class Waiting:
    """Puts instances into the poller, and records what it sees."""

    def __init__(self, run: "Apply") -> None:
        self._run = run
        self._desk = run.desk
        self.poller = Poller(run.desk.walks, self._seen, self._lost, run.failed, run.desk.options.speed)

    def wait(self, state: InstanceState) -> None:
        """Wait for the end of what `state` stands for; what has no status of its own is ready at once."""
        run, desk = self._run, self._desk
        use = desk.use(state.uses)
        kind = use.kind
        if not isinstance(kind, Resource) or kind.status is None or kind.read is None:
            run.begin(
                run.record(Finished(address=state.address, generation=state.generation, outcome="ready"))
            )
            return
        desk.tally.running.add(state.address)
        if desk.options.no_wait or run.ending:
            return
        loop = asyncio.get_running_loop()
        instance = desk.work.graph.instances.get(state.address)
        timeout = desk.work.manifest.jobs[instance.job].timeout if instance is not None else None
        inputs = state.inputs if isinstance(state.inputs, Mapping) else {}
        account = desk.accounts[use.provider.name]
        collection = (
            collection_of(use.provider, account.key, kind.wait.list, inputs) if kind.wait.list else None
        )
        within = kind.fresh.within / desk.options.speed if kind.fresh is not None else 0.0
        run.enter()
        self.poller.add(
            Waiter(
                address=state.address,
                generation=state.generation,
                id=state.id,
                use=use,
                account=account,
                inputs=inputs,
                began=loop.time(),
                collection=collection,
                deadline=loop.time() + timeout if timeout is not None else None,
                status=state.status,
                before=state.before,
                fresh_until=loop.time() + within,
            )
        )

    async def _seen(self, waiter: Waiter, reading: Reading) -> bool:
        """Record what was read; true when the wait is over."""
        if reading.outcome == "running":
            if reading.status != waiter.status:
                waiter.status = reading.status
                await self._run.record(
                    Progressed(address=waiter.address, generation=waiter.generation, status=reading.status)
                )
                self._desk.tell(waiter.address, "running", reading.status)
            return False
        state = self._desk.state(waiter.address)
        former = state.outputs if state is not None else {}
        await self._finish(
            waiter,
            Finished(
                address=waiter.address,
                generation=waiter.generation,
                outcome=reading.outcome,
                status=reading.status,
                message=reading.message,
                outputs={**former, **reading.outputs},
                cost=reading.cost,
                unit=reading.unit,
            ),
        )
        return True

    async def _lost(self, waiter: Waiter, kind: str, reason: str) -> None:
        """The wait is over without an end of the work that could be read."""
        if kind in ("vanished", "stalled"):
            await self._finish(
                waiter,
                Finished(
                    address=waiter.address, generation=waiter.generation, outcome="stalled", message=reason
                ),
            )
            return
        self._run.fail(waiter.address, kind, reason, started=True)
        self._run.leave()

    async def _finish(self, waiter: Waiter, event: Finished) -> None:
        await self._run.record(event)
        self._run.leave()
