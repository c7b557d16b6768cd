"""Apply: starts what has become possible, and reacts to what stands in the journal.

Every reaction follows an event, so that a run that is killed and begun again takes the same way. The event need not be
durable yet: whatever a reaction leads to that cannot be taken back, a call with an effect or a file's name, waits for
a record of its own, and so for all before it. What an instance is waiting for is known to the scheduler; what a remote
job is waiting for, to the poller.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable

from runner.engine.machine.faults import fault
from runner.engine.machine.stopping import GRACE
from runner.engine.running import group_orders, groups
from runner.engine.running.credit import result_of
from runner.engine.running.desk import Desk
from runner.engine.running.gates import Approver, Gates
from runner.engine.running.hearing import Hearing
from runner.engine.running.ledger import budget_of
from runner.engine.running.local import LocalSteps
from runner.engine.running.reactions import Reactions
from runner.engine.running.saving import Saving
from runner.engine.running.scheduler import Scheduler, Skipped
from runner.engine.running.sending import Sending
from runner.engine.running.waiting import Waiting
from runner.model.errors import RunnerError, StateError
from runner.model.event import Event
from runner.model.manifest import READY, SUBMITTED
from runner.model.plan import Change, Verb
from runner.model.progress import RunResult
from runner.model.state import Phase


class Apply:
    """One run of a plan. `stop` may be called from a signal handler."""

    def __init__(self, desk: Desk, approver: Approver | None = None) -> None:
        self.desk = desk
        self.scheduler = Scheduler(desk.work.graph)
        self.budget = budget_of(desk)
        self.reactions = Reactions(self)
        self.waiting = Waiting(self)
        self.hearing = Hearing(desk, self.waiting.poller)
        self.local = LocalSteps(self)
        self.sending = Sending(self)
        self.saving = Saving(self)
        self.gates = Gates(self, approver)
        self.groups = groups.Groups(
            desk, self.sending.send, self.sending.turns.name_taken, self.sending.row_out, self.begin
        )
        self.ended: set[str] = set()
        self.stopped = False
        self.halted = False
        self._active = 0
        self._idle = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fatal: RunnerError | None = None
        self._events: deque[Event] = deque()
        self._reacting = False

    async def run(self) -> RunResult:
        """Do what the plan says. Raises StateCorrupt when the journal could not be written."""
        desk = self.desk
        desk.journal.broken = self.failed
        timer = self._time_out()
        try:
            await self.hearing.start()
            await self.gates.begin()
            self.enter()
            self._start_all()
            self.leave()
            await self._idle.wait()
        finally:
            if timer is not None:
                timer.cancel()
            await self._close()
            desk.journal.broken = None
        if self._fatal is not None:
            raise self._fatal
        if self.ending:
            self.reactions.tell_open()
            self.gates.tell_left()
        return result_of(desk, self.stopped)

    @property
    def ending(self) -> bool:
        """Whether nothing new is begun in this run."""
        return self.stopped or self.halted or self._fatal is not None

    def stop(self) -> None:
        """Send nothing new; what is in flight is recorded, and the run ends."""
        if not self.stopped:
            self.stopped = True
            self.sending.shut()
            self.desk.tell("", "stopping", "nothing new is sent, what is in flight is recorded")
        self._idle.set()

    def note(self, *events: Event) -> None:
        """Put events into the journal, before whatever is recorded later, and react to them."""
        self.desk.journal.note(*events)
        self._react(events)

    async def secure(self, *events: Event) -> None:
        """Make events durable, then react to them."""
        await self.desk.journal.record(*events)
        self._react(events)

    def _react(self, events: Iterable[Event]) -> None:
        """One reaction after the other: what a reaction notes has its own turn when that one has ended."""
        self._events.extend(events)
        if self._reacting:
            return
        self._reacting = True
        try:
            while self._events:
                self.reactions.react(self._events.popleft())
        finally:
            self._reacting = False

    # What is under way: the run is over when nothing is.

    def enter(self) -> None:
        self._active += 1

    def leave(self) -> None:
        self._active -= 1
        if self._active == 0 and not self.ending and not self.gates.look_before_the_end():
            self.sending.give_up()
            self.gates.give_up()
            self.groups.close()
        if self._active == 0:
            self._idle.set()

    def begin(self, work: Awaitable[None]) -> None:
        """Put a piece of work under way; a fault in it ends the run with its message."""

        async def carried() -> None:
            try:
                await work
            except RunnerError as error:
                self.failed(error)
            except Exception as error:  # noqa: BLE001 — a fault of ours ends the run with a message, not in silence
                self.failed(fault(error))
            finally:
                self.leave()

        self.enter()
        task = asyncio.ensure_future(carried())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def failed(self, error: RunnerError) -> None:
        """The journal refused, or a part of the run broke: end the run, and say so."""
        self._fatal = self._fatal or error
        self.sending.shut()
        self._idle.set()

    def _time_out(self) -> asyncio.TimerHandle | None:
        most = self.desk.options.max_time
        if most is None:
            return None

        def over() -> None:
            self.halted = True
            self._idle.set()

        return asyncio.get_running_loop().call_later(most, over)

    async def _close(self) -> None:
        self.waiting.poller.stop()
        await self.sending.close(self._grace())
        await self.saving.downloads.close()
        self.local.close()
        if self.stopped or self.halted or self._fatal:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.waiting.poller.close()
        await self.hearing.close()
        await self.gates.close()
        await self.desk.transport.close()

    def _grace(self) -> float | None:
        """How many seconds answers that are under way are waited for at the end; None: as long as any call may take."""
        if isinstance(self._fatal, StateError):
            return 0.0  # they could not be recorded
        return GRACE if self.stopped or self._fatal else None

    # Starting.

    def _start_all(self) -> None:
        changes = self.desk.plan.changes
        for change in changes.values():
            if change.verb in (Verb.CREATE, Verb.REPLACE) and self.desk.work.manifest.jobs[change.job].bulk:
                self.groups.expect(change.job)
        ready = self.scheduler.start()
        for group in list(self.desk.journal.groups.values()):
            if not group.closed and self.desk.reaches(group.intent.uses):
                use, lifecycle = group_orders.resume(self.desk, group)
                self.sending.send(group.address, use, lifecycle)
        self.sending.turns.resume_all()
        for address in self.desk.plan.unsettled:
            if (state := self.desk.state(address)) is not None:
                self.sending.settle(address, state)
        for address, change in changes.items():
            self._start_known(address, change)
        for address in ready:
            self.sending.start(address)

    def _start_known(self, address: str, change: Change) -> None:
        """Instances that do not wait for others: what runs there, what is done, what will not be done."""
        state = self.desk.state(address)
        match change.verb:
            case Verb.NONE:
                self.desk.tally.unchanged += 1
                self.reached(address, READY)
            case Verb.SKIP:
                self.drop(address, quiet=True)
            case Verb.BLOCKED:
                self.desk.trouble(address, "blocked", change.reason, change.command)
                self.drop(address)
            case Verb.SETTLE if state is not None:
                self.sending.settle(address, state)
            case Verb.RESUME if state is not None and not self.reactions.out_of_reach(state):
                self.released(self.scheduler.reached(address, SUBMITTED))
                self.waiting.wait(state)
            case Verb.DOWNLOAD:
                self.saving.save(address)  # first: what would change this thing waits for its files
                self.reached(address, READY)
            case _:
                return

    def released(self, addresses: list[str]) -> None:
        """Start what has become possible."""
        for address in addresses:
            self.sending.start(address)

    def reached(self, address: str, level: str) -> None:
        self.released(self.scheduler.reached(address, level))

    def drop(
        self, address: str, started: bool = False, *, quiet: bool = False, withheld: bool = False
    ) -> None:
        """An instance gets no further: those behind it are skipped, and reported once. `withheld`: it has not failed,
        and so those that tolerate a failure wait as well."""
        if address not in self.desk.work.graph.instances:
            return
        change = self.desk.plan.changes.get(address)
        released: list[str] = []
        if withheld:
            skipped = [Skipped(one, address) for one in self.scheduler.withheld(address)]
        else:
            released, skipped = self.scheduler.dropped(address, started)
        if not started:
            self.desk.absent.add(address)
        for one in skipped:
            self.desk.absent.add(one.address)
            other = self.desk.plan.changes.get(one.address)
            if other is None or other.verb in (Verb.SKIP, Verb.BLOCKED, Verb.NONE):
                continue
            if not quiet:
                self.desk.trouble(one.address, "skipped", f"waits for {one.cause}")
            self.missing(one.address)
        if change is not None and not started:
            self.missing(address)
        self.released(released)
        if self.desk.work.graph.instances[address].job and not quiet:
            job = self.desk.job(address)
            if job.on_failure == "stop":
                self.desk.accounts.close_all(f"not sent: {address} failed, and its job says on_failure: stop")

    def possible(self, address: str, possible: bool) -> None:
        """Whether a bulk group may wait for a row."""
        job = self.desk.job(address)
        if job.bulk and self.desk.change(address).verb is not Verb.UPDATE:
            (self.groups.expect if possible else self.groups.missing)(job.name)

    def missing(self, address: str) -> None:
        """A bulk group does not wait for a row that will not come."""
        change = self.desk.plan.changes.get(address)
        if change is not None and change.verb in (Verb.CREATE, Verb.REPLACE):
            job = self.desk.work.manifest.jobs[change.job]
            if job.bulk and address not in self.ended:
                self.ended.add(address)
                self.groups.missing(change.job)

    def fail(self, address: str, kind: str, reason: str, command: str = "", **how: bool) -> None:
        """Note what went wrong, and skip what waits for it, `how` as `drop` takes it."""
        held = self.desk.state(address)
        if not how.get("started") and (held is None or held.phase not in (Phase.UNSETTLED, Phase.DOUBT)):
            self.budget.release(address)
            self.sending.money_moved()
        self.desk.trouble(address, kind, reason, command)
        self.drop(address, **how)
