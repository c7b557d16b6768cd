"""The doors of the engine: plan against the APIs, open a session on the state, apply, resolve."""

import asyncio
import gc
import os
import secrets
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from runner import __version__
from runner.compile.checks.moves import moved_pairs
from runner.compile.checks.work import Work
from runner.engine.gate_upkeep import tidy
from runner.engine.machine.daytime import now_text
from runner.engine.machine.stopping import stopping
from runner.engine.observe import observe_and_plan, stands
from runner.engine.older import warned
from runner.engine.opened import Opened
from runner.engine.removing import of_manifest, pruned
from runner.engine.running.apply import Apply
from runner.engine.running.desk import Desk, RunOptions
from runner.engine.running.gates import Approver
from runner.engine.running.ledger import paid_so_far
from runner.engine.state.approvals import take_in_approvals
from runner.engine.state.holding import git_commit, holder_of
from runner.engine.state.inbox import deliver, take_in
from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.states import read_state
from runner.model.errors import StateCorrupt, StateError
from runner.model.event import Refreshed, RunEnded, RunStarted
from runner.model.fold import fold_instance
from runner.model.observation import Observations
from runner.model.plan import Plan, Verb
from runner.model.progress import Progress, RunResult
from runner.model.saved import SavedPlan
from runner.model.state import Phase, State
from runner.model.state_place import StatePlace

MOST_NAMED = 5
"""So many calls without an outcome are named at the end of a run whose journal failed."""

if TYPE_CHECKING:
    from runner.engine.refreshing import Refreshing


def make_plan(
    work: Work, state: State, options: RunOptions, *, offline: bool = False
) -> tuple[Plan, Observations]:
    """The plan, made with what the APIs say unless `offline`. Nothing is changed anywhere."""
    paid = paid_so_far(work, state.sequence)
    if offline:
        from runner.compile.planning.plan import plan

        seen = Observations(offline=True)
        return warned(work, state, plan(work, state, seen, options.wishes, stands(work), paid), seen)
    return warned(work, state, *asyncio.run(observe_and_plan(work, state, options, paid)))


def drift(work: Work, state: State) -> "Refreshing":
    """What the APIs say now of what the state knows; nothing is noted anywhere."""
    from runner.engine.refreshing import refresh

    return asyncio.run(refresh(work, state, None, stands(work)))


def seen_state(state: State, found: "Refreshing") -> State:
    """The state as it will be once what was found is noted."""
    instances = dict(state.instances)
    for event in found.events:
        if isinstance(event, Refreshed) and (
            folded := fold_instance(instances[event.address], event, now_text())
        ):
            instances[event.address] = folded
    return replace(state, instances=instances)


class Session(Opened):
    """What one command does with the state of a manifest."""

    def __init__(self, work: Work, options: RunOptions, journal: Journal) -> None:
        super().__init__(work, options, journal)
        self.carried = ""
        self._observed = Observations()

    def plan(self) -> Plan:
        """Take in what `resolve` left, ask the APIs, and plan."""
        take_in(self.journal, self.aside)
        take_in_approvals(self.journal)
        made, self._observed = make_plan(self.work, self.state, self.options)
        tidy(self.work, made, self.journal)
        return replace(made, moved=moved_pairs(self.moved))

    def carry(self, saved: SavedPlan) -> Plan:
        """The saved plan, to be carried out exactly. Raises PlanStale."""
        from runner.engine.carrying import carry

        made, self._observed = carry(self, saved)
        self.carried = saved.id
        return replace(made, moved=moved_pairs(self.moved))

    def refresh(self, only: Collection[str] | None = None) -> "Refreshing":
        """What the APIs say now of what the state knows (of `only` these addresses), noted in the state."""
        from runner.engine.refreshing import refresh

        take_in(self.journal, self.aside)
        found = asyncio.run(refresh(self.work, self.state, only, stands(self.work)))
        if found.events:
            self.journal.record_now(run_started(self), *found.events)
        return found

    def apply(
        self, plan: Plan, report: Callable[[Progress], None], approver: Approver | None = None
    ) -> RunResult:
        """Do what the plan says; `approver` asks a person at approval gates.

        Raises StateCorrupt when the journal could not be written.
        """
        if plan.empty and not self._open_groups():
            return RunResult(unchanged=plan.counts()[Verb.NONE])
        with _seldom_collected():
            return asyncio.run(self._apply(plan, report, approver))

    def _open_groups(self) -> bool:
        return any(not group.closed for group in self.journal.groups.values())

    async def _apply(
        self, plan: Plan, report: Callable[[Progress], None], approver: Approver | None
    ) -> RunResult:
        report = _telling(report, lambda: run.stop())
        desk = Desk(self.work, of_manifest(self.work, plan), self.journal, self.options, report)
        desk.known.update(self._observed.lookups)
        run = Apply(desk, approver)
        with stopping(run.stop):
            return await self._recorded(run, plan, report)

    async def _recorded(self, run: Apply, plan: Plan, report: Callable[[Progress], None]) -> RunResult:
        try:
            started = replace(run_started(self), plan=self.carried)
            await self.journal.record(started)
            result = await run.run()
            if not run.ending:
                result = await pruned(self, plan, result, report)
            await self.journal.record(RunEnded(run=self.journal.run, exit=130 if result.interrupted else 0))
            return result
        except StateCorrupt as error:
            raise StateCorrupt(error.message, f"{error.hint}{self._under_way()}") from error

    def _under_way(self) -> str:
        """What the journal holds of calls without an outcome, for the end of a run whose journal failed."""
        try:
            instances = read_state(self.journal.place, self.work.manifest.name).instances
        except StateError:
            instances = (
                self.journal.instances
            )  # more than was written: every call that was sent is among them
        found = sorted(address for address, held in instances.items() if held.phase is Phase.UNSETTLED)
        if not found:
            return ""
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        named = ", ".join(found[:MOST_NAMED]) + more
        return f". Under way: {named}; the next apply finds out what became of {'it' if len(found) == 1 else 'them'}"


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """What a run makes has few cycles, and what it holds is large: the collector looks seldom, and not at the plan."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def open_session(work: Work, options: RunOptions, waiting: Callable[[str], None] | None = None) -> Session:
    """Lock and open the state that the manifest names; `waiting` is told for whom it waits. Raises StateError."""
    journal = open_journal(
        work.state_place,
        name=work.manifest.name,
        holder=holder_of(options.command, work.manifest.folder),
        lock_timeout=options.lock_timeout,
        waiting=waiting,
    )
    journal.run = secrets.token_hex(6)
    return Session(work, options, journal)


def run_started(session: Session) -> RunStarted:
    """Who begins to do what, for the journal."""
    work, options, journal = session.work, session.options, session.journal
    return RunStarted(
        run=journal.run,
        command=options.command,
        version=__version__,
        manifest=work.manifest.digest,
        holder=f"{socket.gethostname()} {os.getpid()}",
        commit=git_commit(work.manifest.folder),
    )


def _telling(report: Callable[[Progress], None], stop: Callable[[], None]) -> Callable[[Progress], None]:
    """Reports to whoever watches; when they have gone, the run is stopped, as nobody sees what is paid for."""
    gone = False

    def tell(progress: Progress) -> None:
        nonlocal gone
        if gone:
            return
        try:
            report(progress)
        except OSError:  # a closed pipe, a terminal that has gone
            gone = True
            stop()

    return tell


def resolve(place: StatePlace, name: str, address: str, how: str, id: str | None = None) -> str:
    """Leave a person's word about a call in doubt: adopt (with `id`), resend or abandon; returns what happens next.

    Raises WrongUsage when the address is not in doubt, StateError when the state cannot be used.
    """
    return deliver(place, name, address, how, id or "")
