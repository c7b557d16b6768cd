"""Lanes over real sockets: what is in flight is recorded, what only waits is let go, and nobody waits for ever."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from runner.api.catalogue import load_provider
from runner.api.lifecycles.effects import (
    BASELINE_AGE,
    OUTDATED,
    Hear,
    Lifecycle,
    Outcome,
    Record,
    Request,
    Until,
)
from runner.engine.running.lanes import Flow, Lane
from runner.engine.wire.accounts import Account
from runner.engine.wire.exchange import Timeouts
from runner.engine.wire.transport import Transport
from runner.engine.wire.walks import Walks
from runner.model.errors import RunnerError, StateCorrupt
from runner.model.event import Event, Progressed
from runner.model.http import Call
from runner.model.settings import ProviderSettings

DOCUMENT = (
    "openapi: 3.1.0\ninfo: {title: Acme, version: '1'}\nservers: [{url: https://acme.test}]\npaths: {}\n"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PAY = Call("POST", "/pay", (), (b"{}",))
Make = Callable[[Callable[[Any, socket.socket, int], None]], Any]


def note(text: str) -> Progressed:
    return Progressed(address="a", generation=1, status=text)


class Bench:
    """A lane with everything around it; `broken` lets the journal refuse."""

    def __init__(self, url: str, workers: int = 2) -> None:
        self.transport = Transport(Timeouts(connect=1.0, read=5.0, total=10.0))
        provider = load_provider("acme", DOCUMENT, "acme.yaml")
        self.account = Account(provider, ProviderSettings("acme", base_url=url), self.transport)
        self.events: list[Event] = []
        self.outcomes: list[Outcome] = []
        self.failures: list[RunnerError] = []
        self.broken = False
        self.waits = True
        self.lane = Lane(
            workers,
            self,
            Walks({"acme": self.account}),
            self.hear,
            lambda flow, until: self.waits,
            self.failures.append,
        )

    def note(self, *events: Event) -> None:
        if self.broken:
            raise StateCorrupt("the disk is full")
        self.events += events

    async def secure(self, *events: Event) -> None:
        await asyncio.sleep(0)
        self.note(*events)

    async def hear(self, wish: Hear) -> str:
        return ""

    def ended(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def put(self, lifecycle: Lifecycle, ended: Callable[[Outcome], None] | None = None) -> None:
        self.lane.put(Flow("a", lifecycle, self.account, ended or self.ended))

    def told(self) -> list[str]:
        return [event.status for event in self.events if isinstance(event, Progressed)]


def with_bench(url: str, steps: Callable[[Bench], Awaitable[None]], workers: int = 2) -> Bench:
    async def run() -> Bench:
        bench = Bench(url, workers)
        try:
            await asyncio.wait_for(steps(bench), 10)
        finally:
            await bench.transport.close()
        return bench

    return asyncio.run(run())


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 — what is waited for has no event of its own
        await asyncio.sleep(0.001)


def paying(name: str = "one") -> Lifecycle:
    reply = yield Request(PAY, intent=note(f"intent {name}"))
    yield Record((note(f"receipt {name} {reply.status}"),))
    return Outcome("received", id=name)


def answering(peer: Any, connection: socket.socket, number: int) -> None:
    while peer.request(connection):
        connection.sendall(OK)


def test_an_intent_is_recorded_before_and_a_receipt_after_the_call(peer: Make) -> None:
    there = peer(answering)

    async def steps(bench: Bench) -> None:
        bench.put(paying())
        await until(lambda: bench.outcomes)

    bench = with_bench(there.url, steps)

    assert bench.told() == ["intent one", "receipt one 200"]


def test_nothing_is_sent_when_the_journal_refuses(peer: Make) -> None:
    there = peer(answering)

    async def steps(bench: Bench) -> None:
        bench.broken = True
        for number in range(5):
            bench.put(paying(str(number)))
        await until(lambda: bench.failures)
        await bench.lane.close()

    bench = with_bench(there.url, steps)

    assert there.received == []
    assert bench.outcomes == []


def test_what_is_in_flight_at_the_end_is_recorded(peer: Make) -> None:
    asked, go = threading.Event(), threading.Event()

    def slow(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        asked.set()
        go.wait(5)
        connection.sendall(OK)

    there = peer(slow)

    async def steps(bench: Bench) -> None:
        bench.put(paying())
        await asyncio.get_running_loop().run_in_executor(None, asked.wait, 5)
        closing = asyncio.ensure_future(bench.lane.close())
        await asyncio.sleep(0)
        go.set()
        await closing

    bench = with_bench(there.url, steps)

    assert bench.told() == ["intent one", "receipt one 200"]


def test_whoever_waits_for_a_pause_of_hours_is_let_go_unsent(peer: Make) -> None:
    there = peer(answering)

    async def steps(bench: Bench) -> None:
        bench.account.limiter.refused(7200.0, asyncio.get_running_loop().time())
        bench.put(paying("one"))
        bench.put(paying("two"))
        await asyncio.sleep(0.01)
        await bench.lane.close()

    bench = with_bench(there.url, steps)

    assert bench.told() == []
    assert there.received == []


def test_a_flow_that_is_begun_when_the_end_comes_sends_nothing_new(peer: Make) -> None:
    there = peer(answering)

    def two_steps() -> Lifecycle:
        yield Record((note("first"),))
        return (yield from paying())

    class Closing(Bench):
        def note(self, *events: Event) -> None:
            super().note(*events)
            self.lane._closed = True

    async def run() -> Bench:
        bench = Closing(there.url)
        bench.put(two_steps())
        await until(lambda: bench.told())
        await bench.lane.close()
        await bench.transport.close()
        return bench

    bench = asyncio.run(run())

    assert bench.told() == ["first"]
    assert there.received == []


def test_a_fault_in_what_follows_an_end_is_told_and_stops_no_worker_silently(peer: Make) -> None:
    there = peer(answering)

    def bad(outcome: Outcome) -> None:
        raise KeyError("a fault of ours")

    async def steps(bench: Bench) -> None:
        bench.put(paying(), bad)
        await until(lambda: bench.failures)
        bench.put(paying("two"))
        await until(lambda: bench.outcomes)

    bench = with_bench(there.url, steps, workers=1)

    assert [outcome.id for outcome in bench.outcomes] == ["two"]


@pytest.mark.parametrize("error", [RunnerError("its input is missing"), ValueError("odd")])
def test_what_one_lifecycle_cannot_do_is_its_own_trouble(peer: Make, error: Exception) -> None:
    def odd() -> Lifecycle:
        yield Record((note("first"),))
        raise error

    async def steps(bench: Bench) -> None:
        bench.put(odd())
        bench.put(paying())
        await until(lambda: len(bench.outcomes) == 2)

    bench = with_bench(peer(answering).url, steps)

    assert bench.failures == []
    assert sorted(outcome.kind for outcome in bench.outcomes) == ["failed", "received"]


def test_a_flow_put_in_while_the_last_worker_leaves_is_driven_all_the_same(peer: Make) -> None:
    def short() -> Lifecycle:
        yield Until(asyncio.get_running_loop().time(), "a moment")
        return Outcome("received")

    async def steps(bench: Bench) -> None:
        for _ in range(300):
            bench.put(short())
        await until(lambda: len(bench.outcomes) == 300)

    bench = with_bench(peer(answering).url, steps, workers=1)

    assert len(bench.outcomes) == 300


def test_who_does_not_wait_is_told_so_at_once(peer: Make) -> None:
    def long() -> Lifecycle:
        yield Until(asyncio.get_running_loop().time() + 3600, "the list may lag")
        return Outcome("received")

    async def steps(bench: Bench) -> None:
        bench.waits = False
        bench.put(long())
        await until(lambda: bench.outcomes)

    bench = with_bench(peer(answering).url, steps)

    assert bench.outcomes == [Outcome("waiting", "the list may lag")]


def built_on(walked: float) -> Lifecycle:
    reply = yield Request(PAY, intent=note("intent"), walked=walked)
    return Outcome("received", id="not sent" if reply is OUTDATED else "sent")


def test_nothing_is_sent_on_a_baseline_that_is_too_old(peer: Make) -> None:
    there = peer(answering)

    async def steps(bench: Bench) -> None:
        now = asyncio.get_running_loop().time()
        bench.put(built_on(now - BASELINE_AGE - 1))
        bench.put(built_on(now - 1))
        await until(lambda: len(bench.outcomes) == 2)

    bench = with_bench(there.url, steps)

    assert sorted(outcome.id for outcome in bench.outcomes) == ["not sent", "sent"]
    assert bench.told() == ["intent"]
    assert len(there.received) == 1


def test_a_baseline_that_grows_too_old_in_the_queue_for_a_slot_is_seen_before_anything_is_recorded(
    peer: Make,
) -> None:
    asked, go = threading.Event(), threading.Event()

    def slow(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        asked.set()
        go.wait(5)
        connection.sendall(OK)

    there = peer(slow)

    async def steps(bench: Bench) -> None:
        bench.account.limiter.window.size = 1.0
        bench.put(paying())
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, asked.wait, 5)
        good_until = loop.time() + 0.05
        bench.put(built_on(good_until - BASELINE_AGE))
        await until(lambda: loop.time() > good_until)
        go.set()
        await until(lambda: len(bench.outcomes) == 2)

    bench = with_bench(there.url, steps)

    assert bench.outcomes[-1].id == "not sent"
    assert bench.told() == ["intent one", "receipt one 200"]
    assert len(there.received) == 1


def test_what_the_machine_slept_through_is_too_old_to_send_anything_on(peer: Make) -> None:
    there = peer(answering)

    async def steps(bench: Bench) -> None:
        slept = 0.0
        walks = Walks({"acme": bench.account}, slept=lambda: slept)
        bench.lane._walks = walks
        now = asyncio.get_running_loop().time()
        slept = 3600.0
        bench.put(built_on(now))
        await until(lambda: bench.outcomes)

    bench = with_bench(there.url, steps)

    assert [outcome.id for outcome in bench.outcomes] == ["not sent"]
    assert there.received == []


def test_a_call_that_waited_behind_other_providers_does_not_leave_in_a_pause(peer: Make) -> None:
    """With `--parallelism 1`: its own slot is in hand, and the provider asks for patience before its turn comes."""
    came: list[float] = []
    refusal = b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}"

    def first_refuses(peer: Any, connection: socket.socket, number: int) -> None:
        while peer.request(connection):
            came.append(time.monotonic())
            connection.sendall(refusal if len(came) == 1 else OK)

    there = peer(first_refuses)

    async def steps(bench: Bench) -> None:
        bench.account._together = asyncio.Semaphore(1)
        bench.put(paying("one"))
        bench.put(paying("two"))
        await until(lambda: len(bench.outcomes) == 2)

    with_bench(there.url, steps)

    assert came[1] - came[0] >= 1.0


@pytest.mark.parametrize("how", ["out of credit", "credentials refused", "stopped by a person"])
def test_a_call_that_waited_behind_other_providers_is_not_sent_after_a_stop(peer: Make, how: str) -> None:
    there = peer(answering)

    async def steps(bench: Bench) -> None:
        bench.account._together = together = asyncio.Semaphore(1)
        await together.acquire()
        bench.put(paying())
        await until(lambda: together._waiters)
        if how == "out of credit":
            bench.account.close(how)
        elif how == "credentials refused":
            bench.account.stop(how)
        else:
            bench.lane.shut()
        together.release()
        await until(lambda: bench.outcomes or how == "stopped by a person")
        await bench.lane.close()

    bench = with_bench(there.url, steps)

    assert bench.told() == []
    assert there.received == []
    assert [outcome.reason for outcome in bench.outcomes] == ([] if how == "stopped by a person" else [how])
