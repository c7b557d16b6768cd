"""Runs in which hours pass in seconds: real sockets and threads, and loops whose clock leaps while nothing comes."""

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE = 0.01
"""Real seconds in which whatever is under way may come, before the clock leaps to the next timer."""


@dataclass
class LongTime:
    """A clock for all loops of a process. It runs as time does until it is `leaping`; then it goes on to the next
    timer whenever nothing has come for PATIENCE. `at` calls something once a moment has come."""

    leaping: bool = False
    _ahead: float = 0.0
    _alarms: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def now(self) -> float:
        return time.monotonic() + self._ahead

    def at(self, moment: float, call: Callable[[], None]) -> None:
        self._alarms.append((moment, call))
        self._alarms.sort(key=lambda alarm: alarm[0])

    def leap(self, seconds: float) -> None:
        """Go on by so much; no further than to the next alarm, which is served."""
        if self._alarms and self._alarms[0][0] <= self.now() + seconds:
            moment, call = self._alarms.pop(0)
            self._ahead += max(0.0, moment - self.now())
            call()
        else:
            self._ahead += seconds


class _Leaping(selectors.DefaultSelector):
    def __init__(self, clock: LongTime) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= PATIENCE:
            return super().select(timeout)
        found = super().select(PATIENCE)  # a loop does not mind to be woken early
        if not found and self._clock.leaping:
            self._clock.leap(timeout - PATIENCE)
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: LongTime) -> None:
        self._long = clock
        super().__init__(_Leaping(clock))

    def time(self) -> float:
        return self._long.now()


class _Policy(asyncio.DefaultEventLoopPolicy):
    def __init__(self, clock: LongTime) -> None:
        super().__init__()
        self._clock = clock

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return _Loop(self._clock)


@contextmanager
def long_time() -> Iterator[LongTime]:
    """For the time of the block every new loop of this process goes by one such clock."""
    clock, before = LongTime(), asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(_Policy(clock))
    try:
        yield clock
    finally:
        asyncio.set_event_loop_policy(before)
