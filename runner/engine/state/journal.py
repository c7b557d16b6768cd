"""The journal: events durable before the effects they announce, committed in groups.

`record` returns when its events are on the disk. Whoever records while a commit is under way shares the next one, so
that a thousand concurrent steps cost few syncs. What only has to be known before whatever comes after it is noted: the
journal is one sequence, and so whoever waits for an intent of his own has waited for all that it builds on. The state
in memory runs ahead of the disk by at most two commits, and no effect is started on its word alone.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence

from runner.engine.machine.daytime import now_text
from runner.engine.state.codec import Codec
from runner.engine.state.committer import Batch, Committer
from runner.engine.state.keeping import Store, Word
from runner.engine.state.lock import Holder
from runner.engine.state.owners import Owners
from runner.engine.state.states import open_store
from runner.model.errors import StateCorrupt, StateLocked
from runner.model.event import Event, Forgotten, GroupIntended, Intended, Moved
from runner.model.fold import fold_group, fold_instance, join_group, moved_instance
from runner.model.shape import evolve
from runner.model.state import GroupState, InstanceState, State
from runner.model.state_place import StatePlace

LINGER = 0.003
"""Seconds that a commit waits for more to share it, while many record."""

MANY = 8
"""So many events in one commit are many; fewer get theirs at once."""

REMOTE = ("id", "account", "former", "parts")
"""The fields of an instance that tell what it owns there."""

TURNS = 4
"""Turns of the event loop that a commit waits for at least: what follows from a receipt shares its commit."""


class Journal:
    """The state of one manifest, open for writing. Use `open_journal`; close it to let go of the lock."""

    def __init__(self, store: Store, state: State) -> None:
        self.store = store
        self.place = store.place
        self.name = state.name
        self.lineage = state.lineage
        self.run = ""
        self.former_holder = store.former_holder
        self.instances: dict[str, InstanceState] = dict(state.instances)
        self.groups: dict[str, GroupState] = dict(state.groups)
        self.owned = Owners()
        self.broken: Callable[[StateCorrupt], None] | None = None
        self._codec = Codec(store.pieces)
        self._batch = Batch()
        self._gate = threading.Lock()
        self._writing = False
        self._due: asyncio.AbstractEventLoop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._many = False
        self._closing = False
        self._failure: BaseException | None = None
        self._sequence = state.sequence
        self._taken: set[int] = set()
        for instance in self.instances.values():
            self.owned.add(instance)
        for group in self.groups.values():
            self.owned.add_group(group)
        self._committer = Committer(store.write, self._codec, self._written)

    @property
    def state(self) -> State:
        """What is known now, as a value."""
        return State(self.name, self.lineage, self._sequence, dict(self.instances), dict(self.groups))

    @property
    def sequence(self) -> int:
        """The number of the last event."""
        return self._sequence

    @property
    def commits(self) -> int:
        """How many transactions were written."""
        return self._committer.commits

    async def record(self, *events: Event) -> None:
        """Fold events into the state and make them durable; they are on the disk when this returns.

        Raises StateCorrupt when the disk refuses them: from then on nothing is recorded, and nothing may be sent.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put_down(events, done)
        await done

    async def ensure_held(self) -> None:
        """Whether the state is still ours, asked right before the first byte of a call, on a clock that goes on while
        the machine sleeps. Raises StateLocked: then nothing may be sent.
        """
        if self.store.holds():
            return
        await asyncio.to_thread(self.store.renew)
        if not self.store.holds():
            raise StateLocked(
                f"the lease of the state has run out: {self.place}",
                "nothing more was sent; run the same command again when the database can be reached",
            )

    def note(self, *events: Event) -> None:
        """Fold events into the state, and make them durable soon, before whatever is recorded later.

        Raises StateCorrupt when the disk has refused earlier ones; `broken` is told when it refuses these.
        """
        self._put_down(events, None)

    def _put_down(self, events: Sequence[Event], done: "asyncio.Future[None] | None") -> None:
        loop = asyncio.get_running_loop()
        with self._gate:
            if self._closing:
                raise StateCorrupt(f"the journal {self.place} is closed", "run the same command again")
            if self._failure is None:
                self._take(events)
            if self._failure is not None:
                raise self._broken()
            if done is not None:
                self._batch.waiters.append(done)
            self._loop = loop
            if not self._writing and self._due is not loop:
                self._due = loop
                self._wait_for_more(loop)

    def _wait_for_more(self, loop: asyncio.AbstractEventLoop) -> None:
        """Commit soon: in a moment where many record, else when the event loop has turned a few times."""
        if self._many:
            loop.call_later(LINGER, self._flush)
        else:
            loop.call_soon(self._turn, loop, TURNS)

    def _turn(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        if left:
            loop.call_soon(self._turn, loop, left - 1)
        else:
            self._flush()

    def _flush(self) -> None:
        with self._gate:
            self._due = None
            if self._writing or self._closing:
                return
            self._writing = True
            self._hand_over()

    def _hand_over(self) -> None:
        batch, self._batch = self._batch, Batch()
        self._many = len(batch.events) > MANY
        self._committer.put(batch)

    def _written(self, batch: Batch) -> None:
        """In the committer's thread: tell each loop, once, who need not wait any longer."""
        if self._committer.failure is not None:
            self._failure = self._failure or self._committer.failure
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for waiter in batch.waiters:
            by_loop.setdefault(waiter.get_loop(), []).append(waiter)
        with self._gate:
            self._writing = False
            if self._loop is not None:  # it must begin the next commit
                by_loop.setdefault(self._loop, [])
        for loop, waiters in by_loop.items():
            with contextlib.suppress(RuntimeError):  # a loop that was closed has nobody who waits
                loop.call_soon_threadsafe(self._wake, loop, waiters)

    def _wake(self, loop: asyncio.AbstractEventLoop, waiters: Sequence["asyncio.Future[None]"]) -> None:
        with self._gate:
            if self._batch.events and not self._writing and self._due is not loop:
                self._due = loop
                self._wait_for_more(loop)
        for waiter in waiters:
            if waiter.done():
                continue
            if self._failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(self._broken())
        if self._failure is not None and self.broken is not None:
            self.broken(self._broken())

    def _take(self, events: Sequence[Event]) -> None:
        """Fold events into the state and the batch: all of them or none, and no state without its events."""
        try:
            texts = [self._codec.encode_event(event) for event in events]
        except OSError as error:  # a large piece could not be put on the disk
            self._failure = error
            return
        at = now_text()
        try:
            for event, text in zip(events, texts, strict=True):
                self._fold(event, text, at)
        except Exception as error:  # noqa: BLE001 — the state may be half of what the events say: believe nothing more
            self._failure = error

    def record_now(self, *events: Event) -> None:
        """The same, for callers outside an event loop."""
        asyncio.run(self.record(*events))

    def read_inbox(self) -> list[Word]:
        """What `resolve` and `approve` left for the holder and was not taken: (number, address, verb, argument)."""
        return [word for word in self.store.read_inbox() if word[0] not in self._taken]

    def take(self, words: Iterable[Word]) -> None:
        """Words are taken together with what is recorded next, or not at all."""
        numbers = [word[0] for word in words]
        with self._gate:
            self._batch.taken.extend(numbers)
            self._taken.update(numbers)

    def group_known(self, address: str) -> bool:
        """Whether a bulk request of this name was ever recorded, closed ones included."""
        return self.store.group_known(address)

    def close(self) -> None:
        """Write what is waiting, and let go of the lock."""
        with self._gate:
            self._closing = True
            self._hand_over()
        self._committer.close()
        self.store.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fold(self, event: Event, text: str, at: str) -> None:
        address, kind = getattr(event, "address", ""), type(event)
        self._sequence += 1
        self._batch.events.append((at, self.run, event.kind, address, text))
        if isinstance(event, Intended):
            self._batch.intents[address] = (event, text)
        elif kind in (Moved, Forgotten):
            self._rename(address, event.to if isinstance(event, Moved) else "")
            return
        elif isinstance(event, GroupIntended):
            for place, member in enumerate(event.members):
                self._put(member.address, join_group(self.instances.get(member.address), event, place, at))
        of_group = kind is GroupIntended or address in self.groups
        group = fold_group(self.groups.get(address), event) if of_group else None
        if group is not None:
            self.groups[address] = group
            self._batch.groups[address] = group
            self.owned.add_group(group)
        elif address:
            self._put(address, fold_instance(self.instances.get(address), event, at))

    def _put(self, address: str, instance: InstanceState | None) -> None:
        known = self.instances.get(address)
        if instance is None or instance is known:
            return
        self.instances[address] = instance
        self._batch.instances[address] = instance
        if known is None or any(getattr(known, name) is not getattr(instance, name) for name in REMOTE):
            self.owned.add(instance)

    def _rename(self, address: str, to: str) -> None:
        instance = self.instances.pop(address, None)
        self._batch.instances[address] = None
        if instance is None or not to:
            return
        self._put(to, moved_instance(instance, to))
        group = self.groups.get(instance.group)
        if group is not None and not group.closed:
            members = tuple(
                evolve(member, address=to) if member.address == address else member
                for member in group.intent.members
            )
            moved = evolve(group, intent=evolve(group.intent, members=members))
            self.groups[group.address] = self._batch.groups[group.address] = moved

    def _broken(self) -> StateCorrupt:
        return StateCorrupt(
            f"the journal {self.place} could not be written: {self._failure}",
            f"{self.store.way_out(self._failure) if self._failure else ''}: nothing that was sent is forgotten",
        )


def open_journal(
    place: StatePlace,
    *,
    name: str,
    holder: Holder,
    lock_timeout: float = 0.0,
    waiting: Callable[[str], None] | None = None,
) -> Journal:
    """Lock and open the state of the manifest `name`, making it when there is none.

    `waiting` is told for whom it waits. Raises StateLocked, StateForeign, StateNewer or StateCorrupt.
    """
    store, state = open_store(place, name, holder, lock_timeout, waiting)
    return Journal(store, state)
