"""Lanes: lifecycles of one provider, driven by few workers.

A lifecycle that waits for a moment leaves its worker and is put back when the moment has come, so that what waits costs
a timer and nothing else. A lifecycle that goes wrong by a fault of ours ends alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

from runner.api.lifecycles.effects import (
    OUTDATED,
    Effect,
    Hear,
    Lifecycle,
    Outcome,
    Record,
    Request,
    Until,
    Walk,
    Walked,
)
from runner.engine.machine.faults import fault
from runner.engine.wire.accounts import BRIEF, Account, NotSent
from runner.engine.wire.publish import NotPublished
from runner.engine.wire.walks import Walks
from runner.model.errors import RunnerError, StateError
from runner.model.event import Event
from runner.model.http import Answer


class _TooOld(Exception):
    """What an intent is built on became too old while its call waited for its turn; nothing was recorded or sent."""


class Recorder(Protocol):
    """Takes events into the journal, and reacts to them."""

    def note(self, *events: Event) -> None:
        """Durable before whatever is recorded later."""
        ...

    async def secure(self, *events: Event) -> None:
        """Durable when this returns."""
        ...


@dataclass(slots=True)
class Flow:
    """A lifecycle under way. `ended` is told its outcome, once. `value` is what it is sent next, `held` what it asked
    for and has not got because the provider asked for patience, or is down (for this flow since `down_since`)."""

    address: str
    lifecycle: Lifecycle
    account: Account
    ended: Callable[[Outcome], None]
    value: Any = None
    waiting: str = ""
    held: Request | Walk | None = None
    down_since: float | None = None


class Lane:
    """Drives flows with `workers` tasks. `parked` is told when a flow waits for a moment, and may refuse to wait."""

    def __init__(
        self,
        workers: int,
        recorder: Recorder,
        walks: Walks,
        hear: Callable[[Hear], Coroutine[Any, Any, str]],
        parked: Callable[[Flow, Until], bool],
        failed: Callable[[RunnerError], None],
    ) -> None:
        self._queue: deque[Flow] = deque()
        self._most = workers
        self._recorder = recorder
        self._walks = walks
        self._hear = hear
        self._parked = parked
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: set[asyncio.Task[None]] = set()
        self._loose: set[asyncio.Task[Any]] = set()
        """Whom the end of the run need not wait for."""
        self._working = 0
        self._closed = False

    def put(self, flow: Flow) -> None:
        """Let a flow go on as soon as a worker is free."""
        if self._closed:
            return
        self._queue.append(flow)
        if self._working < self._most:
            self._working += 1
            task = asyncio.ensure_future(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def shut(self) -> None:
        """From now on nothing new is sent."""
        self._closed = True
        self._queue.clear()

    async def close(self, grace: float | None = None) -> None:
        """Take nothing new, and wait until what is in flight has been recorded, at most `grace` seconds.

        What has no answer by then stays open in the journal: the next run finds out what became of it. Whoever only
        waits (for a slot, a pause that an API asked for, a list) is let go; nothing of it has been sent.
        """
        self.shut()
        for task in (*self._listeners, *self._loose):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._queue:
                flow = self._queue.popleft()
                try:
                    outcome = await self._advance(flow)
                except StateError:  # the journal refused: nothing more may be sent at all
                    raise
                except RunnerError as error:
                    outcome = Outcome("failed", error.message)
                except Exception as error:  # noqa: BLE001 — one item's trouble stays its own, even when it is our fault
                    outcome = Outcome("failed", fault(error).message)
                if outcome is not None:
                    flow.ended(outcome)
        except RunnerError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 — a worker that died silently would let the run wait for ever
            self._failed(fault(error))
        finally:
            self._working -= 1  # at once: whoever puts a flow in now must find that a worker is missing

    async def _advance(self, flow: Flow) -> Outcome | None:
        """Drive a flow until it ends; None when it waits for a moment, or when the run is over."""
        lifecycle = flow.lifecycle
        while True:
            try:
                effect = flow.held or lifecycle.send(flow.value)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            flow.value = flow.held = None
            match effect:
                case Record():
                    self._recorder.note(*effect.events)
                case Request() | Walk() if self._closed:
                    lifecycle.close()
                    return None  # the next run takes it up from the journal
                case Request() | Walk() if flow.account.stopped:
                    lifecycle.close()
                    return Outcome("failed", flow.account.stopped)
                case Request() | Walk() if flow.account.paused() > BRIEF:
                    return self._put_off(flow, effect, flow.account.paused(), flow.account.patience(), "")
                case Request() if self._outdated(effect):
                    flow.value = OUTDATED
                case Request():
                    try:
                        flow.value = await self._request(flow, effect)
                    except (NotSent, NotPublished) as reason:
                        lifecycle.close()
                        return None if self._closed else Outcome("failed", str(reason))
                case Walk():
                    flow.value = await self._walk(effect)
                case Hear():
                    if not self._parked(flow, Until(effect.until, "waiting for a notification")):
                        return Outcome("waiting", "a notification may still come")
                    self._spawn(self._put_when_heard(flow, effect))
                    return None
                case Until():
                    if not self._parked(flow, effect):
                        return Outcome("waiting", effect.reason)
                    asyncio.get_running_loop().call_at(effect.moment, self.put, flow)
                    return None
            if _unanswered(effect, flow):
                if flow.account.stopped:
                    lifecycle.close()
                    return Outcome("failed", flow.account.stopped)
                if flow.account.paused() > BRIEF:
                    flow.held, flow.value = effect, None  # to be asked again once the pause is over
                elif pause := self._down(flow):
                    return self._put_off(flow, effect, pause, _failure(flow), "retrying")
            else:
                flow.down_since = None

    def _down(self, flow: Flow) -> float:
        """How long to wait for an API that is down, and that this flow has not waited for too long already."""
        now = asyncio.get_running_loop().time()
        flow.down_since = now if flow.down_since is None else flow.down_since
        return flow.account.down(now - flow.down_since)

    def _put_off(
        self, flow: Flow, effect: Request | Walk, pause: float, reason: str, what: str
    ) -> Outcome | None:
        """Nothing can be had there now: go on with this effect when the pause is over. Its account told of it."""
        loop = asyncio.get_running_loop()
        if not self._parked(flow, Until(loop.time() + pause, reason, what)):
            flow.lifecycle.close()
            return Outcome("waiting", reason)
        flow.held, flow.value = effect, None
        loop.call_later(pause, self.put, flow)
        return None

    async def _put_when_heard(self, flow: Flow, wish: Hear) -> None:
        flow.value = await self._hear(wish)
        self.put(flow)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._listeners.add(task)
        task.add_done_callback(self._listeners.discard)

    async def _request(self, flow: Flow, effect: Request) -> Any:
        intent, task = effect.intent, asyncio.current_task()
        assert task is not None
        self._loose.add(task)
        try:
            if intent is None:
                return await flow.account.ask(effect.call, first=effect.first)

            async def before() -> None:
                if self._closed:
                    raise NotSent("the run is ending")
                if self._outdated(effect):
                    raise _TooOld
                self._loose.discard(task)  # from here on it is in flight, and what comes of it is recorded
                await self._recorder.secure(intent)

            return await flow.account.send(effect.call, before=before, fresh=effect.fresh, first=effect.first)
        except _TooOld:
            return OUTDATED
        finally:
            self._loose.discard(task)

    async def _walk(self, effect: Walk) -> Any:
        task = asyncio.current_task()
        assert task is not None
        self._loose.add(task)
        try:
            walk = self._walks.walk_whole if effect.whole else self._walks.walk
            return await walk(effect.collection, effect.since, effect.first)
        finally:
            self._loose.discard(task)

    def _outdated(self, effect: Request) -> bool:
        return effect.walked is not None and self._walks.outdated(effect.walked)


def _failure(flow: Flow) -> str:
    """What came instead of a usable answer."""
    said = f"it answers {flow.value.status}" if isinstance(flow.value, Answer) else flow.value.message
    return f"{flow.account.provider.name} cannot be asked: {said}"


def _unanswered(effect: Effect, flow: Flow) -> TypeGuard[Request | Walk]:
    """Whether a question, nothing that has an effect, got no answer that tells anything."""
    if not isinstance(effect, Walk) and (not isinstance(effect, Request) or effect.intent is not None):
        return False
    return not isinstance(flow.value, Walked) and not (isinstance(flow.value, Answer) and flow.value.ok)
