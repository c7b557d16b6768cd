"""Limits of one provider: how many calls at once, how many in a time, and what is learnt when it says `too many`.

All times are seconds of the event loop's clock, which is monotonic: a wall clock that jumps changes nothing here.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable

LONGEST_BACKOFF = 60.0
LONGEST_STILL = 24 * 3600.0
"""Whoever asks for more patience than a day is asked again after a day."""


class Window:
    """How many calls at once: halved at a refusal, regained slowly (AIMD), by one in RECOVERY windows of answers."""

    RECOVERY = 4

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = float(most)

    def refused(self) -> None:
        self.size = max(1.0, self.size / 2)

    def went_well(self) -> None:
        if self.size < self.most:
            self.size = min(self.most, self.size + 1 / (self.RECOVERY * self.size))


class Rate:
    """At most `many` requests leave in any `period`. A token is held from the slot until its request leaves, and for
    one period from then on: what happens between the two (a record on disk, a new connection) cannot bunch requests."""

    def __init__(self, many: int, period: float) -> None:
        self._many = many
        self._period = period
        self._held = 0
        self._left: deque[float] = deque()

    def pause(self, now: float) -> float:
        """How long until there may be a token; 0: there is one."""
        while self._left and self._left[0] <= now - self._period:
            self._left.popleft()
        if self._held + len(self._left) < self._many:
            return 0.0
        return self._left[0] + self._period - now if self._left else self._period

    def take(self) -> None:
        self._held += 1

    def leave(self, now: float) -> None:
        """A request leaves: its token counts from now."""
        self._held -= 1
        self._left.append(now)

    def give_back(self) -> None:
        """Nothing left, and nothing will."""
        self._held -= 1


class Slot:
    """One call that may be under way. `leaves` tells that its request is about to go out."""

    __slots__ = ("_first", "_leaving", "_limiter", "_token", "began")

    def __init__(self, limiter: "Limiter", first: bool, leaving: Callable[[], None] | None) -> None:
        self._limiter = limiter
        self._first = first
        self._leaving = leaving
        self._token = False
        self.began = 0.0

    async def __aenter__(self) -> "Slot":
        await self._limiter.acquire(self._first)
        self.began, self._token = asyncio.get_running_loop().time(), True
        return self

    async def __aexit__(self, *_: object) -> None:
        rate = self._limiter.rate
        if self._token and rate is not None:
            rate.give_back()
        self._limiter.release()

    def leaves(self) -> None:
        """A request is about to go out, and uses up its token."""
        if self._leaving is not None:
            self._leaving()
        rate = self._limiter.rate
        if self._token and rate is not None:
            rate.leave(asyncio.get_running_loop().time())
        self._token = False

    async def again(self) -> None:
        """Have a token for a further request in the same slot: a login, or a call that a new session repeats."""
        rate = self._limiter.rate
        if self._token:
            return
        loop = asyncio.get_running_loop()
        while rate is not None and (pause := rate.pause(loop.time())) > 0:  # noqa: ASYNC110 — others take tokens too
            await asyncio.sleep(pause)
        if rate is not None:
            rate.take()
        self._token = True


class Limiter:
    """Hands out slots, first come, first served; whoever must be soon comes before the others. Who waits for a rate or
    a pause holds no slot.

    `most` calls at once, fewer for a while after a refusal; `rate` is (how many, per seconds) or None. `longest` is the
    longest pause that is taken unasked.
    """

    def __init__(self, most: int, rate: tuple[int, float] | None, longest: float = LONGEST_BACKOFF) -> None:
        self.window = Window(most)
        self._longest = longest
        self.rate = Rate(*rate) if rate is not None else None
        self._busy = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._soon: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._still_until = 0.0
        self._narrowed = 0.0
        self._refusals = 0

    def slot(self, first: bool = False, leaving: Callable[[], None] | None = None) -> Slot:
        """To be entered with `async with`: a slot and a rate token, given back at the end. `first`: before all who
        came without it. `leaving` is called whenever a request leaves in it."""
        return Slot(self, first, leaving)

    async def acquire(self, first: bool = False) -> None:
        """Wait for a slot and a rate token."""
        loop = asyncio.get_running_loop()
        if not self._queue and not self._soon and self._pause(loop.time()) == 0:
            self._take()
            return
        granted = loop.create_future()
        (self._soon if first else self._queue).append(granted)
        self._serve()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():  # it was served, and never came to know
                if self.rate is not None:
                    self.rate.give_back()
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back."""
        self._busy -= 1
        self._serve()

    def refused(self, seconds: float | None, began: float | None = None) -> None:
        """The provider said `too many` to a call that had its slot since `began`: send nothing for `seconds` at least,
        and for a time that grows with each refusal in a row (full jitter); then go on with half as many calls at once.

        Calls that were under way together are one refusal: only what began after the last one narrows it further.
        """
        now = asyncio.get_running_loop().time()
        if began is None or began >= self._narrowed:
            self._narrowed = now
            self._refusals += 1
            self.window.refused()
        pause = min(max(seconds or 0.0, backoff(self._refusals - 1, self._longest)), LONGEST_STILL)
        self._still_until = max(self._still_until, now + pause)

    def went_well(self) -> None:
        """An answer that was no refusal: the next pause starts small again, and slowly more calls go at once."""
        self._refusals = 0
        self.window.went_well()

    def paused(self) -> float:
        """How long nothing will be sent, because the provider asked for it; 0: it did not."""
        return max(0.0, self._still_until - asyncio.get_running_loop().time())

    def _take(self) -> None:
        self._busy += 1
        if self.rate is not None:
            self.rate.take()

    def _pause(self, now: float) -> float | None:
        """0: a slot may be had; more: after so long; None: when one is given back."""
        if self._busy >= int(self.window.size):
            return None
        if now < self._still_until:
            return self._still_until - now
        return self.rate.pause(now) if self.rate is not None else 0.0

    def _serve(self) -> None:
        """Serve whoever waits, as far as there are slots; come back when a pause is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        while queue := self._soon or self._queue:
            if queue[0].done():  # whoever stopped waiting
                queue.popleft()
                continue
            pause = self._pause(loop.time())
            if pause:
                self._timer = loop.call_later(pause, self._serve)
            if pause != 0:
                return
            self._take()
            queue.popleft().set_result(None)


def backoff(refusals: int, longest: float = LONGEST_BACKOFF) -> float:
    """Full jitter: anything between nothing and a time that doubles with each refusal, up to `longest`."""
    return random.uniform(0.0, min(longest, 0.5 * 2.0 ** min(refusals, 10)))
