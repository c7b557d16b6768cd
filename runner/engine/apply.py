"""Apply: starts what has become possible, and reacts to what the journal has recorded.

Every reaction follows a durable event, so that a run that is killed and begun again takes the same way. What an
instance is waiting for is known to the scheduler; what a remote job is waiting for, to the poller.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from runner.api.effects import Lifecycle, Outcome, Until
from runner.api.lifecycle import submit
from runner.api.lifedata import Action, Lookup, Resource
from runner.api.provider import Use
from runner.api.settling import settle
from runner.engine import groups as bulk
from runner.engine.budget import Budget
from runner.engine.desk import Desk
from runner.engine.downloads import Downloads, Fetched
from runner.engine.lanes import Flow, Lane
from runner.engine.local import LocalSteps
from runner.engine.lookups import ask_lookup
from runner.engine.orders import CannotSend, Wish, order_again, order_for, wish_of
from runner.engine.reactions import Reactions
from runner.engine.results import files_of
from runner.engine.scheduler import Scheduler
from runner.engine.waiting import Waiting
from runner.model.errors import RunnerError
from runner.model.event import Event
from runner.model.manifest import READY, SUBMITTED
from runner.model.plan import Change, Verb
from runner.model.progress import RunResult
from runner.model.state import InstanceState, Phase
from runner.model.unknown import Unknown

START_AT_ONCE = (Verb.SETTLE, Verb.RESUME, Verb.DOWNLOAD)


class Apply:
    """One run of a plan. `stop` may be called from a signal handler."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.scheduler = Scheduler(desk.work.graph)
        self.budget = Budget(desk.work.settings, desk.journal.instances.values())
        self.reactions = Reactions(self)
        self.waiting = Waiting(self)
        self.local = LocalSteps(self)
        self.groups = bulk.Groups(desk, self._send, self._out, self.begin)
        self.downloads = Downloads(
            desk.work.manifest.folder,
            desk.transport,
            desk.journal,
            self._fetched,
            self.failed,
            desk.options.overwrite,
        )
        self.fetching: dict[str, int] = {}
        self.ended: set[str] = set()
        self.stopped = False
        self.halted = False
        self._lanes: dict[str, Lane] = {}
        self._active = 0
        self._idle = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fatal: RunnerError | None = None

    async def run(self) -> RunResult:
        """Do what the plan says. Raises StateCorrupt when the journal could not be written."""
        desk = self.desk
        poller = asyncio.ensure_future(self.waiting.poller.run())
        timer = self._time_out()
        try:
            self.enter()
            self._start_all()
            self.leave()
            await self._idle.wait()
        finally:
            if timer is not None:
                timer.cancel()
            poller.cancel()
            await self._close(poller)
        if self._fatal is not None:
            raise self._fatal
        return desk.tally.result(self.stopped, desk.accounts)

    def stop(self) -> None:
        """Send nothing new; what is in flight is recorded, and the run ends."""
        self.stopped = True
        self._idle.set()

    async def record(self, *events: Event) -> None:
        """Make events durable, then react to them."""
        await self.desk.journal.record(*events)
        for event in events:
            self.reactions.react(event)

    # What is under way: the run is over when nothing is.

    def enter(self) -> None:
        self._active += 1

    def leave(self) -> None:
        self._active -= 1
        if self._active == 0:
            self._idle.set()

    def begin(self, work: Awaitable[None]) -> None:
        """Put a piece of work under way; a fault in it ends the run with its message."""

        async def carried() -> None:
            try:
                await work
            except RunnerError as error:
                self.failed(error)
            finally:
                self.leave()

        self.enter()
        task = asyncio.ensure_future(carried())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def failed(self, error: RunnerError) -> None:
        """The journal refused, or a part of the run broke: end the run, and say so."""
        self._fatal = self._fatal or error
        self._idle.set()

    def _time_out(self) -> asyncio.TimerHandle | None:
        most = self.desk.options.max_time
        if most is None:
            return None

        def over() -> None:
            self.halted = True
            self._idle.set()

        return asyncio.get_running_loop().call_later(most, over)

    async def _close(self, poller: "asyncio.Future[None]") -> None:
        for lane in self._lanes.values():
            await lane.close()
        await self.downloads.close()
        if self.stopped or self.halted or self._fatal:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(poller, *self._tasks, return_exceptions=True)
        await self.waiting.poller.close()
        await self.desk.transport.close()

    # Starting.

    def _start_all(self) -> None:
        changes = self.desk.plan.changes
        for change in changes.values():
            if change.verb in (Verb.CREATE, Verb.REPLACE) and self.desk.work.manifest.jobs[change.job].bulk:
                self.groups.expect(change.job)
        ready = self.scheduler.start()
        for group in list(self.desk.journal.groups.values()):
            if not group.closed:
                use, lifecycle = bulk.resume(self.desk, group)
                self._send(group.address, use, lifecycle)
        for address, change in changes.items():
            self._start_known(address, change)
        for address in ready:
            self.start(address)

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
                self._settle(address, state)
            case Verb.RESUME if state is not None:
                self.released(self.scheduler.reached(address, SUBMITTED))
                self.waiting.wait(state)
            case Verb.DOWNLOAD:
                self.reached(address, READY)
                self.save(address)
            case _:
                return

    def released(self, addresses: list[str]) -> None:
        """Start what has become possible."""
        for address in addresses:
            self.start(address)

    def reached(self, address: str, level: str) -> None:
        self.released(self.scheduler.reached(address, level))

    def drop(self, address: str, *, started: bool = False, quiet: bool = False) -> None:
        """An instance gets no further: those behind it are skipped, and reported once."""
        if address not in self.desk.work.graph.instances:
            return
        change = self.desk.plan.changes.get(address)
        released, skipped = self.scheduler.dropped(address, started)
        for one in skipped:
            other = self.desk.plan.changes.get(one.address)
            if other is None or other.verb in (Verb.SKIP, Verb.BLOCKED, Verb.NONE):
                continue
            if not quiet:
                self.desk.trouble(one.address, "skipped", f"waits for {one.cause}")
            self._missing(one.address)
        if change is not None and not started:
            self._missing(address)
        self.released(released)
        if self.desk.work.graph.instances[address].job and not quiet:
            job = self.desk.job(address)
            if job.on_failure == "stop":
                for account in self.desk.accounts.values():
                    account.stop(f"{address} failed, and its job says on_failure: stop")

    def _missing(self, address: str) -> None:
        """A bulk group does not wait for a row that will not come."""
        change = self.desk.plan.changes.get(address)
        if change is not None and change.verb in (Verb.CREATE, Verb.REPLACE):
            job = self.desk.work.manifest.jobs[change.job]
            if job.bulk and address not in self.ended:
                self.ended.add(address)
                self.groups.missing(change.job)

    def start(self, address: str) -> None:
        """All that an instance needs is there: do what the plan says of it."""
        if self.stopped or self.halted:
            return
        change = self.desk.change(address)
        if change.verb in START_AT_ONCE or change.verb in (Verb.NONE, Verb.SKIP, Verb.BLOCKED):
            return
        try:
            self._start_sending(address, change)
        except CannotSend as error:
            self.fail(address, "failed", str(error))
        except RunnerError as error:
            self.fail(address, "failed", error.message, error.hint)

    def _start_sending(self, address: str, change: Change) -> None:
        desk = self.desk
        job = desk.job(address)
        instance = desk.work.graph.instances[address]
        wanted = desk.work.evaluator.condition(instance, desk.outputs)
        if isinstance(wanted, Unknown):
            raise CannotSend(f"its `if` needs {wanted.reason}, which is not known")
        if not wanted:
            desk.tell(address, "skipped", "its `if` is false")
            self.drop(address, quiet=True)
            return
        if self.local.is_local(job.uses):
            self.begin(self.local.make(address))
            return
        use = desk.use(job.uses)
        wish = wish_of(desk, address)
        if isinstance(use.kind, Lookup):
            self.begin(self._look_up(address, use, wish))
        elif not self._unchanged(address, change, wish):
            if job.bulk and isinstance(use.kind, Resource) and use.kind.bulk is not None:
                self.ended.add(address)
                self.groups.add(address, wish)
            else:
                self._submit(address, use, wish)

    def _unchanged(self, address: str, change: Change, wish: Wish) -> bool:
        """Behind `replace?` and `call?`: whether, now that all is known, nothing has changed after all."""
        state = self.desk.state(address)
        if state is None or change.sure or state.phase is not Phase.READY:
            return False
        if wish.digest in (state.digest, state.accepted):
            self.desk.known[address] = state.outputs
            self.desk.tally.unchanged += 1
            self.reached(address, READY)
            return True
        if change.verb is Verb.REPLACE and not change.consent:
            self.fail(
                address,
                "blocked",
                "its inputs changed, and it is paid for",
                f"runner apply --replace '{address}'",
            )
            return True
        return False

    def _submit(self, address: str, use: Use, wish: Wish) -> None:
        order = order_for(self.desk, address, wish)
        kind = use.kind
        if isinstance(kind, Resource | Action) and kind.effect == "paid":
            refused = self.budget.reserve(address, use.provider.name, order.estimate, order.unit)
            if refused:
                self.fail(address, "blocked", refused)
                return
        self._send(address, use, submit(order, self.desk))

    def _settle(self, address: str, state: InstanceState) -> None:
        if state.intent is None:
            return  # a member of a group: its group is taken up as a whole
        order = order_again(self.desk, state)
        wanted = self._still_wanted(address, state)
        self._send(
            address,
            order.use,
            settle(
                order,
                self.desk,
                state.intent,
                alive=None,
                since=state.settling_since,
                wanted=wanted,
                resend_now=state.resend,
            ),
        )

    def _still_wanted(self, address: str, state: InstanceState) -> bool:
        """Whether the manifest still wants this generation with these inputs."""
        if address not in self.desk.work.graph.instances:
            return False
        try:
            return wish_of(self.desk, address).digest == state.digest
        except (CannotSend, RunnerError):
            return False

    def _send(self, address: str, use: Use, lifecycle: Lifecycle) -> None:
        """Put a lifecycle under way in its provider's lane."""
        name = use.provider.name
        lane = self._lanes.get(name)
        if lane is None:
            workers = 2 * self.desk.work.settings[name].max_in_flight + 2
            lane = Lane(workers, self, self.desk.walks, self._parked, self.failed)
            self._lanes[name] = lane

        async def ended(outcome: Outcome) -> None:
            self.reactions.ended(address, use, outcome)
            self.leave()

        self.enter()
        lane.put(Flow(address, lifecycle, self.desk.accounts[name], ended))

    def _parked(self, flow: Flow, until: Until) -> bool:
        if self.desk.options.no_wait or self.stopped or self.halted:
            return False
        if flow.waiting != until.reason:
            flow.waiting = until.reason
            pause = until.moment - asyncio.get_running_loop().time()
            self.desk.tell(flow.address, "settling", f"{until.reason} ({pause:.1f} s)")
        return True

    async def _look_up(self, address: str, use: Use, wish: Wish) -> None:
        known = self.desk.known.get(address)
        outputs = known if known is not None else await self._ask(use, wish.inputs)
        if isinstance(outputs, str):
            self.fail(address, "failed", outputs)
            return
        await self.reactions.looked_up(address, use, wish, outputs)

    async def _ask(self, use: Use, inputs: Mapping[str, Any]) -> Mapping[str, Any] | str:
        desk = self.desk
        return await ask_lookup(desk.accounts[use.provider.name], desk.walks, use, inputs, desk.walks.began)

    def fail(self, address: str, kind: str, reason: str, command: str = "", *, started: bool = False) -> None:
        """Note what went wrong, and skip what waits for it."""
        self.desk.trouble(address, kind, reason, command)
        self.drop(address, started=started)

    def _out(self, address: str, kind: str, reason: str, command: str) -> None:
        self.fail(address, kind, reason, command)

    # Files.

    def save(self, address: str) -> None:
        """Fetch the files of an instance that is ready; it is done when they stand."""
        try:
            files = files_of(self.desk, address)
        except RunnerError as error:
            self.desk.trouble(address, "download", error.message, error.hint)
            return
        for name, reason in files.troubles:
            self.desk.trouble(address, "download", f"{name}: {reason}")
        if not files.fetches:
            self.desk.tally.done += not files.troubles
            return
        self.fetching[address] = len(files.fetches)
        for fetch in files.fetches:
            self.enter()
            self.desk.tell(address, "downloading", fetch.path)
            self.downloads.put(fetch)

    async def _fetched(self, fetched: Fetched) -> None:
        address = fetched.fetch.address
        if fetched.trouble:
            self.desk.trouble(address, "download", fetched.trouble)
        else:
            self.desk.tally.files += 1
            self.desk.tell(address, "saved", fetched.fetch.path)
        self.fetching[address] -= 1
        if self.fetching[address] == 0:
            self.desk.tally.done += 1
        self.leave()


__all__ = ["Apply"]
