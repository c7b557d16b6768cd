"""The poller over real sockets: every waiter is told of its end, whatever goes wrong on the way."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.effects import Collection
from runner.api.messages.reading import Reading
from runner.api.provider import Use
from runner.engine.running.poller import READERS, Poller
from runner.engine.running.waiters import Waiter
from runner.engine.wire.accounts import Account
from runner.engine.wire.transport import Timeouts, Transport
from runner.engine.wire.walks import Walks
from runner.model.errors import RunnerError, StateCorrupt
from runner.model.settings import ProviderSettings

Make = Callable[[Callable[[Any, socket.socket, int], None]], Any]


def answering(bodies: Callable[[str], tuple[int, Any]]) -> Callable[[Any, socket.socket, int], None]:
    def behave(peer: Any, connection: socket.socket, number: int) -> None:
        while request := peer.request(connection):
            status, body = bodies(request.split(b" ")[1].decode())
            raw = json.dumps(body).encode()
            head = (
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
            )
            connection.sendall(head.encode() + raw)

    return behave


def ready(target: str) -> tuple[int, Any]:
    return 200, {
        "status": "ready",
        "projects": [{"project_id": str(n), "status": "ready"} for n in range(40)],
    }


class Bench:
    """A poller that looks often, and what it told."""

    def __init__(self, url: str) -> None:
        self.transport = Transport(Timeouts(connect=1.0, read=2.0, total=5.0))
        use = Catalogue().use("dubformer.project")
        assert use is not None
        self.use: Use = use
        self.url = url
        self.account = self.new_account()
        self.ends: dict[str, str] = {}
        self.failures: list[RunnerError] = []
        self.bad: dict[str, Exception] = {}
        self.poller = Poller(
            Walks({"dubformer": self.account}), self.seen, self.lost, self.failures.append, speed=1e4
        )

    def new_account(self, mark: str = "") -> Account:
        settings = ProviderSettings("dubformer", auth={"token": "t"}, base_url=self.url + mark)
        return Account(self.use.provider, settings, self.transport)

    async def seen(self, waiter: Waiter, reading: Reading) -> bool:
        if waiter.address in self.bad:
            raise self.bad[waiter.address]
        if reading.outcome == "running":
            return False
        self.ends[waiter.address] = reading.outcome
        return True

    async def lost(self, waiter: Waiter, kind: str, reason: str) -> None:
        self.ends[waiter.address] = kind

    def add(self, number: int, *, listed: bool = False, **changes: Any) -> None:
        made = Waiter(
            address=f"a{number}",
            generation=1,
            id=str(number),
            use=self.use,
            account=self.account,
            inputs={},
            began=asyncio.get_running_loop().time(),
            collection=Collection("dubformer", "projects", (), "projects") if listed else None,
        )
        self.poller.add(replace(made, **changes))


def polling(url: str, steps: Callable[[Bench], Awaitable[None]]) -> Bench:
    async def run() -> Bench:
        bench = Bench(url)
        try:
            await asyncio.wait_for(steps(bench), 10)
        finally:
            await asyncio.wait_for(bench.poller.close(), 5)
            await bench.transport.close()
        return bench

    return asyncio.run(run())


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 — what is waited for has no event of its own
        await asyncio.sleep(0.001)


def test_one_waiters_fault_ends_its_own_wait_and_nobody_elses(peer: Make) -> None:
    async def steps(bench: Bench) -> None:
        bench.bad = {"a3": KeyError("a fault of ours"), "a5": RunnerError("an input is missing")}
        for number in range(20):
            bench.add(number, listed=True)
        for number in range(20, 30):
            bench.add(number)
        bench.bad["a22"] = ValueError("odd")
        await until(lambda: len(bench.ends) == 30)

    bench = polling(peer(answering(ready)).url, steps)

    assert {address for address, end in bench.ends.items() if end != "ready"} == {"a3", "a5", "a22"}
    assert bench.failures == []


def test_a_journal_that_refuses_is_everybodys_trouble(peer: Make) -> None:
    async def steps(bench: Bench) -> None:
        bench.bad = {"a1": StateCorrupt("the disk is full")}
        bench.add(1)
        await until(lambda: bench.failures)

    bench = polling(peer(answering(ready)).url, steps)

    assert bench.ends == {}


def test_one_account_that_must_hold_still_keeps_no_other_from_being_read(peer: Make) -> None:
    async def steps(bench: Bench) -> None:
        still = bench.new_account("/other")
        still.limiter.refused(7200.0, asyncio.get_running_loop().time())
        for number in range(100, 100 + 2 * READERS):
            bench.add(number, account=still)
        await asyncio.sleep(0.05)
        bench.add(1)
        await until(lambda: "a1" in bench.ends)

    bench = polling(peer(answering(ready)).url, steps)

    assert bench.ends == {"a1": "ready"}


def test_what_is_unknown_there_three_times_in_a_row_has_vanished(peer: Make) -> None:
    there = peer(answering(lambda _: (404, {"error": "no"})))

    async def steps(bench: Bench) -> None:
        bench.add(1)
        await until(lambda: bench.ends)

    bench = polling(there.url, steps)

    assert bench.ends == {"a1": "vanished"}
    assert len(there.received) == 3


def test_a_deadline_ends_the_wait_of_this_run(peer: Make) -> None:
    async def steps(bench: Bench) -> None:
        bench.add(1, deadline=asyncio.get_running_loop().time() + 0.05)
        await until(lambda: bench.ends)

    bench = polling(peer(answering(lambda _: (200, {"status": "in_progress"}))).url, steps)

    assert bench.ends == {"a1": "timeout"}


def test_waiting_long_makes_the_heap_no_larger(peer: Make) -> None:
    looks = 0

    def running(target: str) -> tuple[int, Any]:
        nonlocal looks
        looks += 1
        return 200, {"status": "in_progress", "projects": [{"project_id": "1", "status": "in_progress"}]}

    async def steps(bench: Bench) -> None:
        for number in range(10):
            bench.add(number, listed=True)
        await until(lambda: looks > 60)
        assert len(bench.poller) <= 10

    bench = polling(peer(answering(running)).url, steps)

    assert bench.ends == {}
