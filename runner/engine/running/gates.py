"""Approval gates: an instance whose job says `approve: true` waits before its call until a person has approved it.

An approval is for one exact thing: address, generation and the digest of the inputs as they would be sent. It comes
from `runner approve`, which leaves a word that is read while the run goes on, or from whoever is asked on the terminal.
What waits holds up nothing else; what is left when all else has ended is told with the command that opens the gate.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from runner.compile.planning.canonical import Canonical
from runner.compile.planning.gates import IDLE, WAITS, approve_command, gate_of, lapsed
from runner.engine.running.orders import Wish
from runner.engine.state.approvals import APPROVE, approvals, approved_by_me
from runner.model.at_gate import AtGate
from runner.model.errors import StateError
from runner.model.event import Approved, Gated
from runner.model.progress import Trouble

if TYPE_CHECKING:
    from runner.engine.running.apply import Apply

LOOK = 1.0
"""Seconds between two looks into the inbox, while something waits."""


MOST = 3
"""So many places to look at are named at the end of a run."""


FAR = 100
"""So many instances that it builds on are looked at for that."""


class Approver(Protocol):
    """Asks a person. Everything is called in the loop of the run, and nothing may block."""

    def ask(self, at: AtGate, answered: Callable[[bool], None]) -> None:
        """Show what waits, and tell the answer, once; false also where nobody will answer."""
        ...

    def withdraw(self, address: str) -> None:
        """It need not be asked any more; `answered` is not called."""
        ...

    def close(self) -> None:
        """The run has ended: nothing more is asked or told."""
        ...


class Gates:
    """Who waits at a gate in this run, and what opens it."""

    def __init__(self, run: "Apply", approver: Approver | None = None) -> None:
        self._run = run
        self._desk = run.desk
        self._approver = approver
        self._waiting: dict[str, Wish] = {}
        self._asked: set[str] = set()
        self._looked_last = False
        self._timer: asyncio.TimerHandle | None = None
        self._looks: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Take in what was approved before the run began."""
        if any(change.approval for change in self._desk.plan):
            await self._look()

    def passes(self, address: str, wish: Wish) -> bool:
        """Whether a call may go out; if not, the instance waits here, and is started anew once it is approved."""
        if not self._desk.job(address).approve or self._open(address, wish):
            return True
        for target in self._targets(address):
            if self._run.saving.under_way(target):  # a person looks at them before approving
                self._run.sending.after_files[target].append(address)
                return False
        if address not in self._waiting:
            self._waiting[address] = wish
            self._looked_last = False
            self._run.possible(address, False)  # no workbook waits for a row that waits for a person
            self._note(address, wish)
            self._desk.tell(address, "gated", f"{WAITS}: {approve_command(address)}")
            self._ask(address)
            self._look_again_soon()
        return False

    def approved(self, event: Approved) -> None:
        """A person has approved something: start it, if it is what waits here."""
        wish = self._waiting.get(event.address)
        if wish is None:
            return
        if not self._open(event.address, wish):
            self._note(event.address, wish)
            self._desk.tell(
                event.address,
                "notice",
                f"{event.by} approved other inputs than those of this run; it still waits",
            )
            return
        del self._waiting[event.address]
        self._looked_last = False
        self._desk.tell(event.address, "approved", f"by {event.by}")
        self._no_longer_asked(event.address)
        self._run.possible(event.address, True)
        self._run.sending.start(event.address)

    def look_before_the_end(self) -> bool:
        """Nothing else is under way: look into the inbox once more; whether that is being done now."""
        if not self._waiting or self._looked_last:
            return False
        self._looked_last = True
        self._run.begin(self._look())
        return True

    def give_up(self) -> None:
        """Whoever still waits is left to the next run."""
        for address in list(self._waiting):
            wish = self._waiting.pop(address)
            self._run.possible(address, True)
            self._withhold(address, self._reason(address, wish))

    def _withhold(self, address: str, reason: str) -> None:
        """It stays at its gate, and whoever waits for it waits with it: it has neither failed nor ended."""
        run, desk = self._run, self._desk
        self._tell(address, reason)
        for one in run.scheduler.withheld(address):
            change = desk.plan.changes.get(one)
            if change is not None and change.verb not in IDLE:
                desk.trouble(one, "skipped", f"waits for {address}")
                run.missing(one)
        run.missing(address)

    def _tell(self, address: str, reason: str) -> None:
        """For the end of the run: that it waits was told when it began to."""
        self._desk.tally.troubles.append(Trouble(address, "approval", reason, approve_command(address)))

    def tell_left(self) -> None:
        """The same at the end of a run that was cut short."""
        for address, wish in self._waiting.items():
            self._tell(address, self._reason(address, wish))

    async def close(self) -> None:
        """The run has ended."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._looks:
            task.cancel()
        await asyncio.gather(*self._looks, return_exceptions=True)
        if self._approver is not None:
            self._approver.close()

    def _open(self, address: str, wish: Wish) -> bool:
        state = self._desk.state(address)
        gate = state.gate if state is not None else None
        return gate is not None and gate.opened(self._desk.change(address).generation, wish.digest)

    def _reason(self, address: str, wish: Wish) -> str:
        gate = gate_of(self._desk.state(address))
        note = gate.note if gate is not None and gate.digest == wish.digest else ""
        files = [place for places in self._looks_at(address).values() for place in places]
        looks = [
            place for place in files if not place.startswith("http")
        ]  # links may be signed: no word for a log
        more = f" and {len(looks) - MOST} more" if len(looks) > MOST else ""
        look = f"; look at {', '.join(looks[:MOST])}{more}" if looks else ""
        return f"{WAITS}{f': {note}' if note else ''}{look}"

    def _note(self, address: str, wish: Wish) -> None:
        """Record that it stands here with these inputs, unless that is known."""
        gate = gate_of(self._desk.state(address))
        if gate is not None and not gate.by and gate.digest == wish.digest:
            return
        self._run.note(
            Gated(
                address=address,
                generation=self._desk.change(address).generation,
                uses=self._desk.job(address).uses,
                digest=wish.digest,
                inputs=wish.canonical,
                note=lapsed(gate, Canonical(wish.digest, wish.canonical)),
            )
        )

    # The inbox, while something waits.

    def _look_again_soon(self) -> None:
        if self._timer is None and self._waiting and not self._run.ending:
            self._timer = asyncio.get_running_loop().call_later(LOOK, self._spawn_look)

    def _spawn_look(self) -> None:
        task = asyncio.ensure_future(self._look_and_go_on())
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _look_and_go_on(self) -> None:
        await self._look()
        self._timer = None
        self._look_again_soon()

    async def _look(self) -> None:
        """Make events of the approvals that were left; words about calls in doubt are left to the next plan."""
        journal = self._desk.journal
        try:
            left = await asyncio.to_thread(journal.read_inbox)
        except StateError:
            return  # it cannot be read in this moment; there is another look
        words = [word for word in left if word[2] == APPROVE]
        if words:
            journal.take(words)
            self._run.note(*approvals(words))

    # The terminal.

    def _ask(self, address: str) -> None:
        if self._approver is None:
            return
        self._asked.add(address)
        self._run.enter()  # the run goes on until there is an answer

        def answered(yes: bool) -> None:
            if address not in self._asked or self._run.ending:
                return
            if yes:
                wish = self._waiting[address]
                generation = self._desk.change(address).generation
                self._run.note(approved_by_me(address, generation, wish.digest))
            else:
                self._no_longer_asked(address)

        self._approver.ask(self._at(address), answered)

    def _no_longer_asked(self, address: str) -> None:
        if address not in self._asked:
            return
        self._asked.discard(address)
        if self._approver is not None:
            self._approver.withdraw(address)
        asyncio.get_running_loop().call_soon(self._run.leave)  # after what it lets through has begun

    def _at(self, address: str) -> AtGate:
        desk, wish, change = self._desk, self._waiting[address], self._desk.change(address)
        gate = gate_of(desk.state(address))
        return AtGate(
            address,
            change.uses,
            change.generation,
            wish.digest,
            wish.canonical,
            gate.note if gate is not None else "",
            change.cost,
            self._looks_at(address),
        )

    def _looks_at(self, address: str) -> Mapping[str, tuple[str, ...]]:
        """The files and addresses of those that it builds on."""
        found: dict[str, tuple[str, ...]] = {}
        for target in islice(self._targets(address), FAR):
            state = self._desk.state(target)
            files = [file.path for file in state.files.values() if file.done] if state is not None else []
            outputs = state.outputs.values() if state is not None else ()
            links = [value for value in outputs if isinstance(value, str) and value.startswith("http")]
            if files or links:
                found[target] = tuple(files or links)
        return found

    def _targets(self, address: str) -> Iterator[str]:
        """Whoever it builds on."""
        graph = self._desk.work.graph
        for need in graph.instances[address].needs:
            yield from graph.targets(need)
