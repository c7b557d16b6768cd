"""Limits of one provider: how many calls at once, how many in a time, and how long to hold still after a 429."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


class Limiter:
    """Hands out slots. Who waits for its rate or for a pause holds no slot, and waiters are served in their order.

    `rate` is (how many, per seconds) or None; `clock` is monotonic seconds.
    """

    def __init__(
        self,
        most: int,
        rate: tuple[int, float] | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._slots = asyncio.Semaphore(most)
        self._gate = (
            asyncio.Lock()
        )  # first come, first served: one waits for a pause to end, the others for that one
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._sent: deque[float] = deque()
        self._still_until = 0.0
        self._refusals = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A slot and a rate token, given back at the end."""
        async with self._gate:
            while True:
                await self._slots.acquire()
                pause = self._pause()
                if pause <= 0:
                    break
                self._slots.release()
                await self._sleep(pause)
            if self._rate is not None:
                self._sent.append(self._clock())
        try:
            yield
        finally:
            self._slots.release()

    def hold_still(self, seconds: float | None) -> float:
        """The provider said `too many`: send nothing for so long, or for a growing time with jitter; returns it."""
        self._refusals += 1
        if seconds is None:
            seconds = random.uniform(0.5, 1.0) * min(60.0, 2.0 ** min(self._refusals - 1, 6))
        self._still_until = max(self._still_until, self._clock() + seconds)
        return seconds

    def went_well(self) -> None:
        """An answer that was no refusal: the next pause starts small again."""
        self._refusals = 0

    def _pause(self) -> float:
        now = self._clock()
        if now < self._still_until:
            return self._still_until - now
        if self._rate is None:
            return 0.0
        most, period = self._rate
        while self._sent and self._sent[0] <= now - period:
            self._sent.popleft()
        if len(self._sent) < most:
            return 0.0
        return self._sent[0] + period - now
