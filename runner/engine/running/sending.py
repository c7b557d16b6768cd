"""Sending: what is done for an instance once all that it needs is there."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.api.lifecycles.effects import Lifecycle, Outcome, Until
from runner.api.lifecycles.lifecycle import submit
from runner.api.lifecycles.order import Order
from runner.api.lifecycles.settling import settle
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Action, Lookup, Resource
from runner.engine.machine.faults import told
from runner.engine.running.instance_turns import InstanceTurns
from runner.engine.running.lanes import Flow, Lane
from runner.engine.running.orders import CannotSend, Wish, estimate_of, order_for, taken_as_it_is, wish_of
from runner.engine.running.updates import Updates, order_again
from runner.engine.wire.lookups import ask_lookup
from runner.model.errors import RunnerError
from runner.model.manifest import READY
from runner.model.plan import Change, Verb
from runner.model.state import InstanceState, Phase
from runner.model.units import spell_duration
from runner.model.unknown import Unknown

if TYPE_CHECKING:
    from runner.engine.running.apply import Apply

WITHOUT_NEEDS = frozenset({Verb.SETTLE, Verb.RESUME, Verb.DOWNLOAD, Verb.NONE, Verb.SKIP, Verb.BLOCKED})
"""Verbs of instances that are started at the beginning of a run, whatever they wait for."""


class Sending:
    """Starts instances, each in its turn, in the lanes of their providers."""

    def __init__(self, run: "Apply") -> None:
        self._run = run
        self._desk = run.desk
        self._lanes: dict[str, Lane] = {}
        self.turns = InstanceTurns(self._desk)
        self._updates = Updates(self._desk)
        self._poor: dict[str, deque[tuple[str, str]]] = defaultdict(deque)
        self._counting = False
        self._sent_again: set[str] = set()
        self.after_files: dict[str, list[str]] = defaultdict(list)

    def start(self, address: str) -> None:
        """All that an instance needs is there: do what the plan says of it."""
        run = self._run
        change = self._desk.change(address)
        if run.ending or change.verb in WITHOUT_NEEDS:
            return
        try:
            self._start(address, change)
        except CannotSend as error:
            run.fail(address, error.kind, str(error), error.command)
            self.give_turn_back(address)
        except RunnerError as error:
            message, hint = told(error)
            run.fail(address, "failed", f"{message} — {hint}" if hint else message)
            self.give_turn_back(address)

    def _start(self, address: str, change: Change) -> None:
        desk, run = self._desk, self._run
        job = desk.job(address)
        wanted = desk.work.evaluator.condition(desk.work.graph.instances[address], desk.outputs)
        if isinstance(wanted, Unknown):
            raise CannotSend(f"its `if` needs {wanted.reason}, which is not known")
        if not wanted:
            desk.tell(address, "skipped", "its `if` is false")
            run.drop(address, quiet=True)
            return
        if run.local.is_local(job.uses):
            run.begin(run.local.make(address))
            return
        use = desk.use(job.uses)
        wish = wish_of(desk, address)
        if isinstance(use.kind, Lookup):
            run.begin(self._look_up(address, use, wish))
        elif not self._unchanged(address, change, wish):
            desk.work.evaluator.saves(
                desk.work.graph.instances[address], desk.outputs
            )  # raises before it is paid for
            update = self._updates.order(address, change, wish)
            if not run.gates.passes(address, wish):
                return
            if update is not None:
                self._submit(address, update.use, update)
            elif isinstance(use.kind, Resource) and use.kind.create is None:
                run.note(taken_as_it_is(desk, address, use, wish))
            elif job.bulk and isinstance(use.kind, Resource) and use.kind.bulk is not None:
                if self._affordable(address, use):
                    run.ended.add(address)
                    run.groups.add(address, wish)
            else:
                self._submit(address, use, order_for(desk, address, wish))

    def _unchanged(self, address: str, change: Change, wish: Wish) -> bool:
        """Behind a verb with `?`: whether, now that all is known, nothing has changed after all."""
        state = self._desk.state(address)
        if state is None or change.sure or state.phase is not Phase.READY:
            return False
        if wish.digest in (state.digest, state.accepted):
            self._desk.known[address] = state.outputs
            self._desk.tally.unchanged += 1
            self._run.reached(address, READY)
            return True
        return False

    def _submit(self, address: str, use: Use, order: Order) -> None:
        if self._waits_for_files(address, use):
            return
        stuck = self.turns.stuck(order)
        if stuck:
            self._run.fail(address, "blocked", f"waits for {stuck}, whose outcome is not known")
            self.give_turn_back(address)
            return
        if not self.turns.take(order):
            self._desk.tell(
                address, "notice", "waits for its turn: one call at a time may be under way there"
            )
            return
        if self._affordable(address, use):
            self.send(address, use, submit(order, self._desk))
        else:
            self.give_turn_back(address)

    def _affordable(self, address: str, use: Use) -> bool:
        """Reserve what it will cost; what no budget allows is blocked."""
        if isinstance(use.kind, Resource | Action) and use.kind.effect != "paid":
            return True
        name = use.provider.name
        refused = self._run.budget.reserve(address, use.uses, *estimate_of(self._desk, address, use))
        if refused and self._run.budget.pending(name):
            self._poor[name].append((address, refused))
            self._run.possible(address, False)
        elif refused:
            self._run.fail(address, "blocked", refused, withheld=True)
        return not refused

    def money_moved(self) -> None:
        """A call has its price, or was not made: whoever waited for money tries again, in the order they came."""
        if self._counting:
            return  # whoever fails while the others try leaves its money to the next of them
        self._counting = True
        for queue in self._poor.values():
            for _ in range(len(queue)):
                (address, _), left = queue.popleft(), len(queue)
                self._run.possible(address, True)
                self.start(address)
                if len(queue) > left:
                    queue.rotate(1)
                    break
        self._counting = False

    def give_up(self) -> None:
        """Nothing is under way any more that could leave money to those who wait for it."""
        for queue in self._poor.values():
            while queue:
                address, reason = queue.popleft()
                self._run.possible(address, True)
                self._run.fail(address, "blocked", reason, withheld=True)

    def _waits_for_files(self, address: str, use: Use) -> bool:
        """What changes a finished thing waits until the files of that thing are safely here."""
        if not isinstance(use.kind, Resource) or not use.kind.of:
            return False
        graph = self._desk.work.graph
        for need in graph.instances[address].needs:
            for target in graph.targets(need):
                if self._run.saving.under_way(target):
                    self.after_files[target].append(address)
                    return True
                if self._run.saving.troubled(target):
                    raise CannotSend(f"it would change {target}, whose files are not here yet")
        return False

    def files_have_ended(self, address: str) -> None:
        """The files of an instance have come, or cannot: whoever waited for them tries again."""
        for waiting in self.after_files.pop(address, ()):
            self.start(waiting)

    def again(self, address: str, digest: str) -> bool:
        """A row whose group was shown never to have been done goes into another group, once a run and where the
        manifest still wants it as it was."""
        if self._run.ending or address in self._sent_again or address not in self._desk.work.graph.instances:
            return False
        job = self._desk.job(address)
        try:
            wish = wish_of(self._desk, address)
        except (CannotSend, RunnerError):
            return False
        if not job.bulk or wish.digest != digest:
            return False
        self._sent_again.add(address)
        self._run.groups.expect(job.name)
        self._run.groups.add(address, wish)
        return True

    def row_out(self, address: str, kind: str, reason: str, command: str) -> None:
        """A row of a workbook falls out before it is sent."""
        self._run.fail(address, kind, reason, command)
        self.give_turn_back(address)

    def give_turn_back(self, address: str, *, still_running: bool = False) -> None:
        """A call has its outcome; `still_running`: what it made is still being worked on there."""
        for waiting in self.turns.give_back(address, still_running=still_running):
            self.start(waiting)

    def block_behind(self, address: str) -> None:
        """A call in doubt gives nothing back in this run."""
        for waiting in self.turns.behind(address):
            self._run.fail(waiting, "blocked", f"waits for {address}, whose outcome is not known")

    def settle(self, address: str, state: InstanceState) -> None:
        """Find out what became of a call that an earlier run sent."""
        if self._run.reactions.out_of_reach(state) or state.intent is None:
            return  # a member of a group: its group is taken up as a whole
        order = order_again(self._desk, state)
        lifecycle = settle(
            order,
            self._desk,
            state.intent,
            alive=None,
            since=state.settling_since,
            wanted=self._still_wanted(address, state),
            resend_now=state.resend,
        )
        self.send(address, order.use, lifecycle)

    def _still_wanted(self, address: str, state: InstanceState) -> bool:
        """Whether the manifest still wants this generation with these inputs."""
        if address not in self._desk.work.graph.instances:
            return False
        try:
            return wish_of(self._desk, address).digest == state.digest
        except (CannotSend, RunnerError):
            return False

    def send(self, address: str, use: Use, lifecycle: Lifecycle) -> None:
        """Put a lifecycle under way in its provider's lane."""
        run, name = self._run, use.provider.name
        lane = self._lanes.get(name)
        if lane is None:
            workers = 2 * self._desk.work.settings[name].max_in_flight + 2
            lane = Lane(workers, run, self._desk.walks, run.hearing.hear, self._parked, run.failed)
            self._lanes[name] = lane
        if run.ending:
            lane.shut()

        def ended(outcome: Outcome) -> None:
            run.reactions.ended(address, use, outcome)
            run.leave()

        run.enter()
        lane.put(Flow(address, lifecycle, self._desk.accounts[name], ended))

    def _parked(self, flow: Flow, until: Until) -> bool:
        if self._desk.options.no_wait or self._run.ending:
            return False
        if until.what and flow.waiting != until.reason:
            flow.waiting = until.reason
            pause = spell_duration(until.moment - asyncio.get_running_loop().time())
            next_ = "next look" if until.what == "settling" else "again"
            self._desk.tell(flow.address, until.what, f"{until.reason} ({next_} in {pause})")
        return True

    async def _look_up(self, address: str, use: Use, wish: Wish) -> None:
        desk = self._desk
        outputs: Mapping[str, Any] | str | None = desk.known.get(address)
        if outputs is None:
            account = desk.accounts[use.provider.name]
            outputs = await ask_lookup(account, desk.walks, use, wish.inputs, desk.walks.began)
        if isinstance(outputs, str):
            self._run.fail(address, "failed", outputs)
            return
        self._run.reactions.looked_up(address, use, wish, outputs)

    def shut(self) -> None:
        """From now on nothing new is sent."""
        for lane in self._lanes.values():
            lane.shut()

    async def close(self, grace: float | None) -> None:
        """Take nothing new, and wait until what is in flight has been recorded, at most `grace` seconds."""
        await asyncio.gather(*(lane.close(grace) for lane in self._lanes.values()))
