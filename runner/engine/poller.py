"""Waiting for remote work: entries in a heap, not coroutines; one list answers all who wait, where there is a list.

A waiter looks again after a time that grows with its age. Where waiters of one list outnumber its pages, the list is
walked once for all of them; whoever is not in it is asked for alone.
"""

import asyncio
import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.api.effects import Collection, Walked
from runner.api.encode import call_of
from runner.api.lifedata import Resource
from runner.api.locate import Scope
from runner.api.provider import Use
from runner.api.reading import Reading, read_answer, read_item
from runner.engine.accounts import Account
from runner.engine.faults import fault
from runner.engine.walks import Walks
from runner.model.errors import RunnerError, StateError
from runner.model.http import Answer, Reply
from runner.model.observation import Remote

READERS = 16
"""How many reads of one account may be under way at once; its own slots bound them further."""

VANISHED = 3
"""How often in a row an id may be unknown there before it counts as vanished."""


@dataclass(slots=True)
class Waiter:
    """One instance that waits, or one `part` of it (its place, from 0; -1: the whole).

    Times are those of the event loop; `deadline` ends this run's wait, not the work.
    """

    address: str
    generation: int
    id: str
    use: Use
    account: Account
    inputs: Mapping[str, Any]
    began: float
    collection: Collection | None = None
    deadline: float | None = None
    status: str = ""
    misses: int = 0
    before: Mapping[str, Any] | None = None
    fresh_until: float = 0.0
    part: int = -1


Seen = Callable[[Waiter, Reading], Coroutine[Any, Any, bool]]
"""Told what was read; answers whether the wait is over."""
Lost = Callable[[Waiter, str, str], Coroutine[Any, Any, None]]
"""Told that a wait ended without an end of the work: (waiter, kind, reason)."""


@dataclass(slots=True)
class Poller:
    """Holds the waiters. `speed` divides the times between looks; `failed` is told when the journal refuses."""

    walks: Walks
    seen: Seen
    lost: Lost
    failed: Callable[[RunnerError], None]
    speed: float = 1.0
    _heap: list[tuple[float, int, Waiter]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _readers: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _pages: dict[str, int] = field(default_factory=dict)
    polls: int = 0

    def add(self, waiter: Waiter) -> None:
        """Wait for an instance; its first look comes after the shortest time."""
        self._push(waiter)

    def poke(self, provider: str, id: str) -> None:
        """Somebody says that there is news of this id: look at once."""
        now = asyncio.get_running_loop().time()
        for place, (moment, number, waiter) in enumerate(self._heap):
            if waiter.id == id and waiter.account.provider.name == provider and moment > now:
                self._heap[place] = (now, number, waiter)
                heapq.heapify(self._heap)
                self._wake.set()
                return

    def __len__(self) -> int:
        return len(self._heap)

    async def run(self) -> None:
        """Serve the waiters until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            due = self._take(now)
            if due:
                self._spawn(self._look(due))
            self._wake.clear()
            pause = max(self._heap[0][0] - loop.time(), 0.0) if self._heap else None
            try:
                async with asyncio.timeout(
                    pause
                ):  # `wait_for` can swallow a cancellation that comes with the wake
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Cut the reads that are under way, however long an API made them wait: the next run looks again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def carried() -> None:
            try:
                await work
            except RunnerError as error:
                self.failed(error)
            except Exception as error:  # noqa: BLE001 — whoever waits must not wait for ever because of a fault of ours
                self.failed(fault(error))

        task = asyncio.ensure_future(carried())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _push(self, waiter: Waiter) -> None:
        loop = asyncio.get_running_loop()
        least, most = _resource(waiter).wait.every
        age = loop.time() - waiter.began
        pause = min(max(least / self.speed, age / 4), most / self.speed)
        moment = loop.time() + pause
        if waiter.deadline is not None:
            moment = min(moment, waiter.deadline)
        heapq.heappush(self._heap, (moment, next(self._numbers), waiter))
        self._wake.set()

    def _take(self, now: float) -> list[Waiter]:
        """Whoever is due, and with each all others of the same list: the walk tells of them as well."""
        due: list[Waiter] = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        keys = {waiter.collection.key for waiter in due if waiter.collection is not None}
        if keys and self._heap:
            rest = []
            for entry in self._heap:
                waiter = entry[2]
                if waiter.collection is not None and waiter.collection.key in keys:
                    due.append(waiter)
                else:
                    rest.append(entry)
            heapq.heapify(rest)
            self._heap = rest
        return due

    async def _look(self, due: list[Waiter]) -> None:
        now = asyncio.get_running_loop().time()
        by_list: dict[str, list[Waiter]] = defaultdict(list)
        for waiter in due:
            if waiter.deadline is not None and now >= waiter.deadline:
                self._spawn(
                    self.lost(
                        waiter, "timeout", "the time given for this run is over; the work goes on there"
                    )
                )
            elif waiter.account.stopped:
                self._spawn(self.lost(waiter, "failed", waiter.account.stopped))
            elif waiter.collection is None:
                self._spawn(self._alone(waiter, self._read(waiter)))
            else:
                by_list[waiter.collection.key].append(waiter)
        for key, waiters in by_list.items():
            if len(waiters) <= self._pages.get(key, 1):
                for waiter in waiters:
                    self._spawn(self._alone(waiter, self._read(waiter)))
            else:
                self._spawn(self._read_list(waiters))

    async def _read_list(self, waiters: list[Waiter]) -> None:
        collection = waiters[0].collection
        assert collection is not None
        self.polls += 1
        walked = await self.walks.walk(collection, asyncio.get_running_loop().time())
        if not isinstance(walked, Walked):
            for waiter in waiters:
                self._push(waiter)
            return
        spec = waiters[0].account.provider.lists[collection.list]
        self._pages[collection.key] = 1 if not spec.page.max else 1 + walked.count // spec.page.max
        told: list[Coroutine[Any, Any, None]] = []
        for waiter in waiters:
            remote = walked.items.get(waiter.id)
            if remote is None:
                self._spawn(self._alone(waiter, self._read(waiter)))
            else:
                told.append(self._alone(waiter, self._seen_in_list(waiter, remote)))
        await asyncio.gather(*told)  # all at once, so that what they record shares its commits

    async def _seen_in_list(self, waiter: Waiter, remote: Remote) -> None:
        reading = read_item(waiter.use, waiter.id, remote.item)
        if reading.outcome != "running" and _needs_answer(waiter):
            self._spawn(self._alone(waiter, self._read(waiter)))
        else:
            await self._tell(waiter, reading)

    async def _alone(self, waiter: Waiter, work: Coroutine[Any, Any, None]) -> None:
        """One item's trouble stays its own, even when it is our fault."""
        try:
            await work
        except StateError:  # the journal refused: that is everybody's trouble
            raise
        except RunnerError as error:
            await self.lost(waiter, "failed", error.message)
        except Exception as error:  # noqa: BLE001 — it must not keep the others waiting
            await self.lost(waiter, "failed", fault(error).message)

    async def _read(self, waiter: Waiter) -> None:
        async with self._readers.setdefault(waiter.account.key, asyncio.Semaphore(READERS)):
            resource = _resource(waiter)
            reading = resource.read
            if waiter.part >= 0 and resource.parts is not None:
                reading = resource.parts.read
            if reading is None:
                await self.lost(waiter, "failed", "the provider's document names no way to read it")
                return
            self.polls += 1
            scope = Scope(request=waiter.inputs, id=waiter.id, part_id=waiter.id)
            reply = await waiter.account.send(call_of(waiter.account.provider, reading, scope))
        if isinstance(reply, Answer) and reply.ok and not reply.unreadable:
            waiter.misses = 0
            await self._tell(waiter, read_answer(waiter.use, reply, waiter.inputs, id=waiter.id))
            return
        await self._missed(waiter, reply)

    async def _missed(self, waiter: Waiter, reply: Reply) -> None:
        if isinstance(reply, Answer) and reply.status in (404, 410):
            waiter.misses += 1
            if waiter.misses >= VANISHED:
                await self.lost(
                    waiter, "vanished", f"{waiter.account.provider.name} no longer knows {waiter.id}"
                )
                return
        self._push(waiter)

    async def _tell(self, waiter: Waiter, reading: Reading) -> None:
        if reading.outcome == "ready" and self._stale(waiter, reading):
            if asyncio.get_running_loop().time() < waiter.fresh_until:
                self._push(waiter)
                return
            await self.lost(waiter, "stalled", "it is called ready, but nothing about it has changed")
            return
        if not await self.seen(waiter, reading):
            self._push(waiter)

    def _stale(self, waiter: Waiter, reading: Reading) -> bool:
        """Whether a `ready` may still be the one from before the call."""
        fresh = _resource(waiter).fresh
        if fresh is None or waiter.before is None:
            return False
        return all(reading.outputs.get(name) == waiter.before.get(name) for name in fresh.differs)


def _resource(waiter: Waiter) -> Resource:
    kind = waiter.use.kind
    assert isinstance(kind, Resource)
    return kind


def _needs_answer(waiter: Waiter) -> bool:
    """Whether the answer of `read` holds what a list's item does not: files, named outputs, a final price."""
    resource = _resource(waiter)
    return bool(resource.downloads or resource.outputs or resource.fresh) and resource.read is not None
