"""Slots, rates and pauses on a fake clock: nothing is held while it waits, and who came first goes first."""

import asyncio

import pytest

from runner.engine.limits import Limiter


class Clock:
    """Time that moves only when somebody sleeps, and then by so much."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def passing(limiter: Limiter, order: list[tuple[int, float]], clock: Clock, number: int) -> None:
    async with limiter.slot():
        order.append((number, clock()))


def test_who_came_first_goes_first_through_a_rate(clock: Clock) -> None:
    order: list[tuple[int, float]] = []

    async def all_at_once() -> None:
        limiter = Limiter(4, (10, 1.0), clock, clock.sleep)
        await asyncio.gather(*(passing(limiter, order, clock, number) for number in range(300)))

    asyncio.run(all_at_once())

    assert [number for number, _ in order] == list(range(300))
    assert len(clock.slept) < 100


def test_no_window_holds_more_than_the_rate_allows(clock: Clock) -> None:
    order: list[tuple[int, float]] = []

    async def all_at_once() -> None:
        limiter = Limiter(50, (10, 1.0), clock, clock.sleep)
        await asyncio.gather(*(passing(limiter, order, clock, number) for number in range(200)))

    asyncio.run(all_at_once())

    times = [moment for _, moment in order]
    assert all(later - earlier >= 1.0 for earlier, later in zip(times, times[10:], strict=False))


def test_a_pause_of_hours_holds_no_slot(clock: Clock) -> None:
    async def run() -> tuple[bool, float]:
        limiter = Limiter(1, None, clock, clock.sleep)
        limiter.hold_still(7200.0)
        order: list[tuple[int, float]] = []
        waiting = asyncio.ensure_future(passing(limiter, order, clock, 1))
        free = not limiter._slots.locked()
        await waiting
        return free, order[0][1]

    assert asyncio.run(run()) == (True, 7300.0)


def test_whoever_stops_waiting_leaves_its_place_to_the_next(clock: Clock) -> None:
    async def run() -> list[int]:
        limiter = Limiter(1, None, clock, clock.sleep)
        order: list[tuple[int, float]] = []
        async with limiter.slot():
            tasks = [asyncio.ensure_future(passing(limiter, order, clock, number)) for number in range(4)]
            for _ in range(5):
                await asyncio.sleep(0)
            tasks[0].cancel()
            tasks[2].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        return [number for number, _ in order]

    assert asyncio.run(run()) == [1, 3]


def test_a_pause_without_a_time_grows_and_starts_small_after_an_answer(clock: Clock) -> None:
    limiter = Limiter(1, None, clock, clock.sleep)
    pauses = [limiter.hold_still(None) for _ in range(12)]
    limiter.went_well()

    assert max(pauses) <= 60.0
    assert pauses[8] > 20.0
    assert limiter.hold_still(None) <= 1.0
