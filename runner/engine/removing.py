"""Deleting and cancelling: what a plan shows is deleted at the APIs, and the state forgets it once it has gone."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from runner.api.lifecycles.removing import Way, calls, failure, way_to_end
from runner.compile.checks.work import Work
from runner.compile.planning.facts import BUILTINS
from runner.compile.planning.removal import elsewhere
from runner.engine.machine.daytime import now_text
from runner.engine.machine.stopping import GRACE, stopping
from runner.engine.opened import Opened
from runner.engine.running.desk import Accounts
from runner.engine.state.journal import Journal
from runner.engine.wire.transport import Transport
from runner.model.errors import Interrupted, RunnerError, WrongUsage
from runner.model.event import Deleted, Event, Finished, Forgotten
from runner.model.plan import Plan, Verb
from runner.model.progress import Progress, RunResult, Trouble
from runner.model.state import InstanceState, Phase

Report = Callable[[Progress], None]


class Removing:
    """Deletes side by side within a job, one job after the other, in the order of the plan. `stop` may be called from a
    signal handler: nothing more is sent then, and what is in flight is recorded."""

    def __init__(self, work: Work, journal: Journal, accounts: Accounts, report: Report) -> None:
        self._work = work
        self._journal = journal
        self._accounts = accounts
        self._report = report
        self.troubles: list[Trouble] = []
        self.deleted = 0
        self.stopped = False
        self._end = asyncio.Event()

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            for account in self._accounts.values():
                account.stop("the command was stopped")
            self._tell("", "stopping", "nothing new is sent, what is in flight is recorded")
        self._end.set()

    async def delete(self, plan: Plan) -> None:
        """Carries out every DELETE of a plan. What cannot be deleted is a trouble, and stays known."""
        wanted = [change.address for change in plan if change.verb is Verb.DELETE]
        for _, addresses in groupby(wanted, key=lambda address: address.partition("/")[0]):
            if not self.stopped:
                await self._carried(self._delete(self._journal.instances[one]) for one in addresses)

    async def cancel(self, state: InstanceState, way: Way) -> str:
        """Ends what runs there; returns why it could not, or nothing. The order stays known, as one that failed. Raises
        Interrupted when it was stopped meanwhile."""
        reasons: list[str] = []
        await self._carried([self._cancel(state, way, reasons)])
        if self.stopped:
            done = reasons == [""]
            told = "is cancelled all the same" if done else "may be cancelled, and may run on"
            raise Interrupted(
                f"stopped; {state.address} {told}", "" if done else f"runner cancel {state.address}"
            )
        return reasons[0]

    async def _carried(self, works: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Until all is done; once it is stopped, at most for GRACE seconds more. What has no answer by then stays
        known, and is asked for again by the same command."""
        tasks = [asyncio.ensure_future(work) for work in works]
        whole: asyncio.Future[Any] = asyncio.gather(*tasks, return_exceptions=True)
        end: asyncio.Future[Any] = asyncio.ensure_future(self._end.wait())
        await asyncio.wait({whole, end}, return_when=asyncio.FIRST_COMPLETED)
        end.cancel()
        if not whole.done():
            await asyncio.wait({whole}, timeout=GRACE)
            for task in tasks:
                task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _cancel(self, state: InstanceState, way: Way, reasons: list[str]) -> None:
        reason = await self._send(state, way)
        if not reason:
            told = "cancelled by a person" if way == "cancel" else "cancelled by a person: deleted there"
            await self._journal.record(
                Finished(
                    address=state.address,
                    generation=state.generation,
                    outcome="failed",
                    status="cancelled",
                    message=told,
                )
            )
            self._tell(state.address, "cancelled", state.id)
        reasons.append(reason)

    async def _delete(self, state: InstanceState) -> None:
        reason = ""
        if state.id and state.uses not in BUILTINS:
            reason = await self._send(state, "delete")
        if reason and self.stopped:
            return
        if reason:
            self.troubles.append(Trouble(state.address, "failed", f"not deleted: {reason}", "runner destroy"))
            self._tell(state.address, "failed", f"not deleted: {reason}")
            return
        ended: list[Event] = [
            Deleted(address=state.address, generation=state.generation, id=state.id),
            Forgotten(address=state.address),
        ]
        await self._journal.record(*ended)
        self.deleted += 1
        self._tell(state.address, "deleted", state.id)

    def _tell(self, address: str, what: str, detail: str) -> None:
        self._report(Progress(address, what, detail, now_text()))

    async def _send(self, state: InstanceState, way: Way) -> str:
        use = self._work.catalogue.use(state.uses)
        assert use is not None, "a plan deletes only what a document describes"
        try:
            for call in calls(use, state, way):
                reason = failure(use, await self._accounts[use.provider.name].ask(call))
                if reason:
                    return reason
        except RunnerError as error:
            return error.message
        return ""


def of_manifest(work: Work, plan: Plan) -> Plan:
    """The plan without what left the manifest: what is pruned is no part of the graph."""
    known = work.graph.instances
    if all(address in known for address in plan.changes):
        return plan
    kept = {address: change for address, change in plan.changes.items() if address in known}
    return replace(plan, changes=kept)


async def pruned(session: Opened, plan: Plan, result: RunResult, report: Report) -> RunResult:
    """The result of a run, and of deleting what left the manifest once all else was done."""
    known = session.work.graph.instances
    left = {address: change for address, change in plan.changes.items() if address not in known}
    if not left:
        return result
    done = await _deleted(session, replace(plan, changes=left), report)
    return replace(
        result,
        deleted=done.deleted,
        interrupted=done.interrupted,
        troubles=(*result.troubles, *done.troubles),
        requests=_sum(result.requests, done.requests),
    )


def destroy(session: Opened, plan: Plan, report: Report) -> RunResult:
    """Delete what a `destroy_plan` shows. Raises StateCorrupt when the journal could not be written."""
    return asyncio.run(_deleted(session, plan, report))


def cancel(session: Opened, address: str, report: Report) -> str:
    """End what runs there for an address; returns why it could not be ended, or nothing. Raises WrongUsage, and
    Interrupted when a signal came meanwhile."""
    state, way = cancellable(session.work, session.journal.instances, address)

    async def cancelled() -> str:
        transport = Transport(guard=session.journal.ensure_held)
        try:
            accounts = Accounts(session.work, transport)
            removing = Removing(session.work, session.journal, accounts, report)
            with stopping(removing.stop):
                return await removing.cancel(state, way)
        finally:
            await transport.close()

    return asyncio.run(cancelled())


async def _deleted(session: Opened, plan: Plan, report: Report) -> RunResult:
    began, transport = time.monotonic(), Transport(guard=session.journal.ensure_held)
    accounts = Accounts(session.work, transport)
    removing = Removing(session.work, session.journal, accounts, report)
    try:
        with stopping(removing.stop):
            await removing.delete(plan)
    finally:
        await transport.close()
    blocked = [
        Trouble(change.address, "blocked", change.reason, change.command)
        for change in plan
        if change.verb is Verb.BLOCKED
    ]
    return RunResult(
        troubles=(*blocked, *removing.troubles),
        deleted=removing.deleted,
        interrupted=removing.stopped,
        carry_on="runner destroy",
        unchanged=plan.counts()[Verb.NONE],
        requests={name: account.requests for name, account in accounts.items()},
        seconds=time.monotonic() - began,
    )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def cancellable(work: Work, held: Mapping[str, InstanceState], address: str) -> tuple[InstanceState, Way]:
    """What would be cancelled, and how. Raises WrongUsage when there is nothing to cancel, or no way."""
    state = held.get(address)
    if state is None:
        raise WrongUsage(
            f"the state knows nothing of `{address}`", "`runner status --verbose` lists what it knows"
        )
    if state.phase in (Phase.UNSETTLED, Phase.DOUBT):
        raise WrongUsage(f"the outcome of the call for {address} is not known", f"runner show {address}")
    if state.phase is not Phase.RUNNING:
        raise WrongUsage(f"{address} is not running: it is {state.phase.value}")
    provider = state.uses.partition(".")[0]
    way = way_to_end(work.catalogue.use(state.uses)) if provider in work.settings else None
    if way is None:
        raise WrongUsage(f"{provider} offers no way to cancel {state.uses}", "wait for it, or ask its makers")
    if there := elsewhere(work, state):
        raise WrongUsage(f"{address} cannot be cancelled: {there} to end it there")
    return state, way
