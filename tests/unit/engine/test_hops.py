"""Work beside the event loop: what it makes and what it raises comes back, and nothing is lost with one who leaves."""

import asyncio
import threading

import pytest

from runner.engine.machine.hops import Hops


def test_what_work_makes_and_what_it_raises_comes_back_to_whoever_asked() -> None:
    async def run() -> list[object]:
        hops = Hops(3)
        asked = [hops.run(int, text) for text in ("1", "two", *(str(n) for n in range(200)))]
        made = await asyncio.gather(*asked, return_exceptions=True)
        await hops.close()
        return made

    made = asyncio.run(run())

    assert isinstance(made[1], ValueError)
    assert [made[0], *made[2:]] == [1, *range(200)]


def test_no_more_threads_are_begun_than_are_needed() -> None:
    async def run() -> set[int]:
        hops = Hops(8)
        used = {await hops.run(threading.get_ident) for _ in range(20)}
        await hops.close()
        return used

    assert len(asyncio.run(run())) == 1


def test_one_who_is_cancelled_waits_for_what_was_to_be_carried_out() -> None:
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        go.wait(5)
        done.set()

    async def run() -> bool:
        hops = Hops()
        task = asyncio.ensure_future(hops.run_out(slow))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        found = done.is_set()
        await hops.close()
        return found

    assert asyncio.run(run())


def test_closing_waits_for_what_is_under_way() -> None:
    done: list[int] = []

    async def run() -> None:
        hops = Hops(2)
        asked = [asyncio.ensure_future(hops.run(done.append, number)) for number in range(50)]
        await asyncio.sleep(0)
        await hops.close()
        await asyncio.gather(*asked)

    asyncio.run(run())

    assert sorted(done) == list(range(50))


def test_one_who_leaves_waits_for_nothing_and_no_thread_stays_behind() -> None:
    begun, go = threading.Event(), threading.Event()
    carried: list[threading.Thread] = []

    def slow() -> None:
        carried.append(threading.current_thread())
        begun.set()
        go.wait(60)

    async def run() -> None:
        hops = Hops(1)
        task = asyncio.ensure_future(hops.run(slow))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        hops.leave()

    asyncio.run(run())

    assert carried[0].is_alive()  # the loop has ended, and the work goes on
    go.set()
    carried[0].join(60)
    assert not carried[0].is_alive()
