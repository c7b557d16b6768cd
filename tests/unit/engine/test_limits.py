"""Slots, rates and pauses on made-up time: nothing is held while it waits, and who came first goes first."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from faketime import run

from runner.engine.wire.limits import LONGEST_BACKOFF, LONGEST_STILL, Limiter, Window, backoff
from runner.engine.wire.outage import ENOUGH, OUTAGE, Outage


def now() -> float:
    return asyncio.get_running_loop().time()


class Server:
    """What a server sees: when each request came, and how many were under way at once. `limit` is what it bears at
    once and `rate` what it bears in a second; more is refused."""

    def __init__(self, limiter: Limiter, limit: int = 10**9, rate: int = 10**9) -> None:
        self.limiter = limiter
        self.came: list[tuple[int, float]] = []
        self.most = self.refused = self._busy = 0
        self._limit, self._rate = limit, rate

    async def ask(self, number: int, *, connecting: float = 0.0, lasting: float = 0.0) -> None:
        """One request, asked again until it is answered."""
        while True:
            async with self.limiter.slot() as slot:
                await asyncio.sleep(connecting)
                slot.leaves()
                if not self._bears():
                    self.refused += 1
                    self.limiter.refused(None, slot.began)
                    continue
                self.came.append((number, now()))
                self._busy += 1
                self.most = max(self.most, self._busy)
                await asyncio.sleep(lasting)
                self._busy -= 1
                self.limiter.went_well()
                return

    def _bears(self) -> bool:
        recent = sum(moment > now() - 1.0 for _, moment in self.came[-self._rate :])
        return self._busy < self._limit and recent < self._rate

    def times(self) -> list[float]:
        return [moment for _, moment in self.came]


def all_at_once(
    make: Callable[[], Limiter], count: int, *, bears: dict[str, int] | None = None, **how: Any
) -> Server:
    async def asked() -> Server:
        server = Server(make(), **(bears or {}))
        began = now()
        await asyncio.gather(*(server.ask(number, **how) for number in range(count)))
        server.seconds = now() - began  # type: ignore[attr-defined]
        return server

    return run(asked())


def test_who_came_first_goes_first_through_a_rate() -> None:
    server = all_at_once(lambda: Limiter(4, (10, 1.0)), 300)

    assert [number for number, _ in server.came] == list(range(300))


def test_no_more_are_under_way_than_allowed_and_not_fewer() -> None:
    server = all_at_once(lambda: Limiter(7, None), 100, lasting=0.3)

    assert server.most == 7
    assert server.times()[-1] - server.times()[0] == pytest.approx(14 * 0.3)


@pytest.mark.parametrize("connecting", [0.0, 0.9])
def test_no_window_holds_more_than_the_rate_allows(connecting: float) -> None:
    server = all_at_once(lambda: Limiter(50, (10, 1.0)), 200, connecting=connecting)

    times = server.times()
    assert all(later - earlier >= 1.0 - 1e-9 for earlier, later in zip(times, times[10:], strict=False))


def test_what_happens_between_the_slot_and_the_first_byte_bunches_no_requests() -> None:
    async def uneven() -> list[float]:
        server = Server(Limiter(50, (10, 1.0)))
        await asyncio.gather(*(server.ask(n, connecting=0.9 if n < 10 else 0.0) for n in range(40)))
        return sorted(server.times())

    times = run(uneven())

    assert all(later - earlier >= 1.0 - 1e-9 for earlier, later in zip(times, times[10:], strict=False))


def test_a_further_request_in_a_slot_waits_for_a_token_of_its_own() -> None:
    async def twice() -> list[float]:
        limiter, times = Limiter(1, (1, 5.0)), []
        async with limiter.slot() as slot:
            for _ in range(3):
                await slot.again()
                slot.leaves()
                times.append(now())
        return times

    first, second, third = run(twice())

    assert (second - first, third - second) == (5.0, 5.0)


def test_a_slot_that_sent_nothing_gives_its_token_back() -> None:
    async def unsent() -> float:
        limiter = Limiter(1, (1, 60.0))
        began = now()
        for _ in range(3):
            async with limiter.slot():
                pass
        return now() - began

    assert run(unsent()) == 0.0


def test_whoever_must_be_soon_comes_before_the_others_and_in_its_own_order() -> None:
    async def served() -> list[str]:
        limiter, order = Limiter(1, (1, 1.0)), []

        async def ask(name: str, first: bool) -> None:
            async with limiter.slot(first) as slot:
                slot.leaves()
                order.append(name)

        names = [("a", False), ("b", False), ("soon 1", True), ("c", False), ("soon 2", True)]
        await asyncio.gather(*(ask(name, first) for name, first in names))
        return order

    assert run(served()) == ["a", "soon 1", "soon 2", "b", "c"]


def test_a_pause_of_hours_holds_no_slot_and_is_told() -> None:
    async def paused() -> tuple[float, bool, float]:
        limiter = Limiter(1, None)
        limiter.refused(7200.0, now())
        began, told = now(), limiter.paused()
        waiting = asyncio.ensure_future(Server(limiter).ask(1))
        await asyncio.sleep(10)
        free = limiter._busy == 0
        await waiting
        return told, free, now() - began

    assert run(paused()) == (7200.0, True, 7200.0)


def test_nobody_is_asked_for_more_patience_than_a_day() -> None:
    async def paused() -> float:
        limiter = Limiter(1, None)
        limiter.refused(1e15, now())
        return limiter.paused()

    assert run(paused()) == LONGEST_STILL


@pytest.mark.parametrize("gone", [(0, 2), (1,), (3,), (0, 1, 2, 3)])
def test_whoever_stops_waiting_leaves_its_place_to_the_next(gone: tuple[int, ...]) -> None:
    async def some_leave() -> list[int]:
        server = Server(Limiter(1, None))
        async with server.limiter.slot():
            tasks = [asyncio.ensure_future(server.ask(number)) for number in range(4)]
            await asyncio.sleep(1)
            for number in gone:
                tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with server.limiter.slot():  # the slot is there again
            return [number for number, _ in server.came]

    assert run(some_leave()) == [number for number in range(4) if number not in gone]


def test_whoever_is_served_and_cancelled_at_the_same_moment_keeps_nothing() -> None:
    async def race() -> int:
        server = Server(Limiter(1, (5, 1.0)))
        async with server.limiter.slot():
            waiting = asyncio.ensure_future(server.ask(0))
            await asyncio.sleep(1)
        waiting.cancel()  # its slot was granted, and it has not run since
        await asyncio.gather(waiting, return_exceptions=True)
        await server.ask(1)
        return server.limiter._busy

    assert run(race()) == 0


# What is learnt.


def test_a_refusal_halves_how_many_go_at_once_and_answers_bring_them_back_one_by_one() -> None:
    window = Window(16)
    sizes = []
    for _ in range(3):
        window.refused()
        sizes.append(window.size)
    answers = 0
    while window.size < 16:
        window.went_well()
        answers += 1

    assert sizes == [8.0, 4.0, 2.0]
    assert answers > Window.RECOVERY * sum(range(2, 15))


def test_there_is_always_one_that_goes() -> None:
    window = Window(4)
    for _ in range(50):
        window.refused()

    assert window.size == 1.0


def test_refusals_of_calls_that_went_together_are_one() -> None:
    async def together() -> float:
        limiter = Limiter(8, None)
        began = now()
        await asyncio.sleep(1)
        for _ in range(8):
            limiter.refused(None, began)
        return limiter.window.size

    assert run(together()) == 4.0


def test_pauses_grow_with_refusals_in_a_row_within_a_minute() -> None:
    highest = [max(backoff(number) for _ in range(300)) for number in range(14)]
    lowest = min(backoff(10) for _ in range(300))

    assert highest[0] <= 0.5
    assert 4.0 < highest[4] <= 8.0
    assert highest[-1] <= LONGEST_BACKOFF
    assert lowest < 5.0  # full jitter: whoever waits together does not come back together


def test_a_short_time_asked_for_again_and_again_is_not_believed() -> None:
    async def stubborn() -> float:
        limiter = Limiter(1, None)
        began = now()
        for _ in range(12):
            await asyncio.sleep(limiter.paused())
            limiter.refused(0.0, now())
        return now() - began

    assert run(stubborn()) > 20.0


def test_a_server_that_bears_less_than_allowed_is_served_close_to_what_it_bears() -> None:
    server = all_at_once(lambda: Limiter(32, None), 2000, bears={"limit": 6}, lasting=0.5)

    assert server.most <= 6
    assert server.seconds < 2.5 * 2000 * 0.5 / 6  # type: ignore[attr-defined]
    assert server.refused < 200


def test_a_server_with_a_rate_of_its_own_is_served_close_to_it() -> None:
    server = all_at_once(lambda: Limiter(8, None), 1000, bears={"rate": 20}, lasting=0.05)

    assert server.seconds < 2.5 * 1000 / 20  # type: ignore[attr-defined]
    assert server.refused < 300


# An API that is down.


def test_an_hour_without_an_answer_is_waited_for_and_told_once() -> None:
    outage = Outage("acme")

    told = [outage.failed(float(second), "refused") for second in range(0, 3600, 30)]

    assert [second for second, said in zip(range(0, 3600, 30), told, strict=True) if said] == [60]
    assert "no usable answer since" in told[2]
    assert outage.over(3600.0, "refused") == ""
    assert outage.worked(3600.0) == "it answers again, after 1 h"
    assert outage.worked(3601.0) == ""


def test_two_hours_without_an_answer_end_the_waiting() -> None:
    outage = Outage("acme")
    for second in range(0, int(OUTAGE) + 1, 60):
        outage.failed(float(second), "refused")

    assert outage.over(OUTAGE, "refused") == "acme gave no usable answer for 2 h: refused"


def test_one_answer_makes_all_well_again() -> None:
    outage = Outage("acme")
    for second in range(0, int(OUTAGE), 60):
        outage.failed(float(second), "refused")
    outage.worked(OUTAGE)

    assert outage.failed(OUTAGE, "refused") == ""
    assert outage.over(OUTAGE, "refused") == ""


def test_few_failures_far_apart_prove_nothing() -> None:
    outage = Outage("acme")
    for number in range(ENOUGH - 1):
        outage.failed(number * OUTAGE, "refused")

    assert outage.over(ENOUGH * OUTAGE, "refused") == ""
