"""Waiting for remote work: entries in a heap, not coroutines; one list answers all who wait, where there is a list.

A waiter looks again after a time that grows with its age, and that heeds what the API itself expects. Where waiters of
one list outnumber its pages, the list is walked once for all of them; whoever is not in it is asked for alone.
"""

import asyncio
import heapq
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from runner.api.lifecycles.effects import Walked
from runner.api.messages.encode import call_of
from runner.api.messages.reading import Reading, read_answer, read_item
from runner.api.vocabulary.locate import Scope
from runner.engine.machine.faults import fault
from runner.engine.running.waiters import Waiter, expect, needs_answer, pause_of, resource_of
from runner.engine.wire.accounts import BRIEF
from runner.engine.wire.walks import Walks, server_date
from runner.model.errors import RunnerError, StateError
from runner.model.http import Answer, Reply
from runner.model.observation import Remote

READERS = 16
"""How many reads of one account may be under way at once, where it has not more slots; these bound them further."""

SLACK = 0.002
"""Seconds by which a look may come early, so that those who are due together are looked at together."""

VANISHED = 3
"""How often in a row an id may be unknown there before it counts as vanished."""


Seen = Callable[[Waiter, Reading], Coroutine[Any, Any, bool]]
"""Told what was read; answers whether the wait is over."""
Lost = Callable[[Waiter, str, str], Coroutine[Any, Any, None]]
"""Told that a wait ended without an end of the work: (waiter, kind, reason)."""


@dataclass(slots=True)
class _Readers:
    """The waiters of one account that are to be read alone, and how many readers there are."""

    most: int
    queue: deque[Waiter] = field(default_factory=deque)
    working: int = 0


@dataclass(slots=True)
class Poller:
    """Holds the waiters. `speed` divides the times between looks; `failed` is told when the journal refuses."""

    walks: Walks
    seen: Seen
    lost: Lost
    failed: Callable[[RunnerError], None]
    speed: float = 1.0
    polls: int = 0
    _heap: list[tuple[float, int, Waiter]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)
    _alarm: asyncio.TimerHandle | None = None
    _stopped: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _readers: dict[str, _Readers] = field(default_factory=dict)
    _pages: dict[str, int] = field(default_factory=dict)

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
                self._set_alarm()
                return

    def __len__(self) -> int:
        return len(self._heap)

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()

    async def close(self) -> None:
        """Cut the reads that are under way, however long an API made them wait: the next run looks again."""
        self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _push(self, waiter: Waiter) -> None:
        now = asyncio.get_running_loop().time()
        moment = now + max(pause_of(waiter, now, self.speed), waiter.account.paused())
        if waiter.deadline is not None:
            moment = min(moment, waiter.deadline)
        heapq.heappush(self._heap, (moment, next(self._numbers), waiter))
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Have the next look come no later than the first of those who wait wants it."""
        if self._stopped or not self._heap:
            return
        moment = self._heap[0][0]
        if self._alarm is not None:
            if self._alarm.when() <= moment:
                return
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(moment, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = asyncio.get_running_loop().time()
        self._look(self._take(now + SLACK), now)
        self._set_alarm()

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

    def _look(self, due: list[Waiter], now: float) -> None:
        by_list: dict[str, list[Waiter]] = defaultdict(list)
        for waiter in due:
            if waiter.deadline is not None and now >= waiter.deadline - SLACK:
                reason = "the time given for this run is over; the work goes on there"
                self._spawn(self.lost(waiter, "timeout", reason))
            elif waiter.account.stopped:
                self._spawn(self.lost(waiter, "failed", waiter.account.stopped))
            elif waiter.account.paused() > BRIEF:
                self._push(waiter)
            elif waiter.collection is None:
                self._read_alone(waiter)
            else:
                by_list[waiter.collection.key].append(waiter)
        for key, waiters in by_list.items():
            if len(waiters) <= self._pages.get(key, 1):
                for waiter in waiters:
                    self._read_alone(waiter)
            else:
                self._spawn(self._read_list(waiters))

    def _read_alone(self, waiter: Waiter) -> None:
        """Read this one as soon as a reader of its account is free."""
        account = waiter.account
        readers = self._readers.get(account.key)
        if readers is None:
            readers = self._readers[account.key] = _Readers(max(READERS, account.settings.max_in_flight))
        readers.queue.append(waiter)
        if readers.working < readers.most:
            readers.working += 1
            self._spawn(self._work(readers))

    async def _work(self, readers: _Readers) -> None:
        try:
            while readers.queue:
                waiter = readers.queue.popleft()
                await self._alone(waiter, self._read(waiter))
        finally:
            readers.working -= 1

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
        for waiter in waiters:
            remote = walked.items.get(waiter.id)
            if remote is None:
                self._read_alone(waiter)
            else:
                await self._alone(waiter, self._seen_in_list(waiter, remote, walked.date))

    async def _seen_in_list(self, waiter: Waiter, remote: Remote, date: float | None) -> None:
        reading = read_item(waiter.use, waiter.id, remote.item)
        expect(waiter, Answer(200, {}, remote.item), date, asyncio.get_running_loop().time())
        if reading.outcome != "running" and needs_answer(waiter, remote.item):
            self._read_alone(waiter)
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
        resource = resource_of(waiter)
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
            expect(waiter, reply, server_date(reply), asyncio.get_running_loop().time())
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
        fresh = resource_of(waiter).fresh
        if fresh is None or waiter.before is None:
            return False
        return all(reading.outputs.get(name) == waiter.before.get(name) for name in fresh.differs)
