"""What left the process, over real sockets, for each way to fail: that decides whether a call may be sent again.

Each way is met with a connection of its own, with a new one of the pool and with one that was kept alive; and by calls
that HTTP calls repeatable as well as by those that it does not: nobody but runner repeats anything.
"""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from closing import closed

from runner.engine.wire.exchange import Timeouts
from runner.engine.wire.transport import Transport
from runner.model.http import Answer, Call, NoAnswer, Reply

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + b'{"id": 77}'
METHODS = ("POST", "GET", "PUT", "DELETE")
CERTIFICATE = Path(__file__).parents[2] / "support" / "tls" / "cert.pem"
SHORT = Timeouts(connect=0.5, write=0.3, read=0.3, total=1.0)
Behaviour = Callable[[Any, socket.socket, int], None]
Make = Callable[..., Any]


def call_of(method: str) -> Call:
    return Call(
        method, "/x", (("Content-Type", "application/json"),), () if method == "GET" else (b'{"a":1}',)
    )


def send(
    url: str, *calls: Call, fresh: bool = False, then: Callable[[], object] | None = None
) -> list[Reply]:
    """What came of these calls, one after the other; `then` happens after the first."""

    async def run() -> list[Reply]:
        transport = Transport(SHORT, ssl.create_default_context(cafile=CERTIFICATE))
        replies = []
        try:
            for call in calls:
                replies.append(await transport.send(url + call.path, call, (), fresh=fresh))
                if then is not None:
                    await asyncio.to_thread(then)
            return replies
        finally:
            await closed(transport)

    return asyncio.run(run())


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# Ways in which no connection comes about.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fresh", [False, True], ids=["pooled", "fresh"])
def test_a_refused_connection_means_that_nothing_left(closed_port: int, method: str, fresh: bool) -> None:
    (reply,) = send(f"http://127.0.0.1:{closed_port}", call_of(method), fresh=fresh)

    assert reply == NoAnswer(False, f"no connection to 127.0.0.1:{closed_port}: Connection refused")


@pytest.mark.parametrize("fresh", [False, True], ids=["pooled", "fresh"])
def test_a_name_that_cannot_be_resolved_means_that_nothing_left(fresh: bool) -> None:
    (reply,) = send("http://no-such-host.invalid", call_of("POST"), fresh=fresh)

    assert reply == NoAnswer(False, "the name no-such-host.invalid cannot be resolved")


def test_a_certificate_that_nobody_trusts_means_that_nothing_left(peer: Make) -> None:
    there = peer(answer_all, tls=True)

    async def run() -> Reply:
        transport = Transport(SHORT)
        try:
            return await transport.send(there.url, call_of("POST"), ())
        finally:
            await closed(transport)

    reply = asyncio.run(run())

    assert reply == NoAnswer(False, f"no secure connection to 127.0.0.1:{there.port}")
    assert there.received == []


def speaks_no_tls(peer: Any, connection: socket.socket, number: int) -> None:
    connection.recv(100)
    connection.sendall(b"no tls here, sorry" * 5)
    connection.close()


def closes_in_the_handshake(peer: Any, connection: socket.socket, number: int) -> None:
    connection.recv(100)
    connection.close()


def resets_in_the_handshake(peer: Any, connection: socket.socket, number: int) -> None:
    connection.recv(100)
    reset(connection)


def is_silent_in_the_handshake(peer: Any, connection: socket.socket, number: int) -> None:
    while connection.recv(1000):
        continue


@pytest.mark.parametrize(
    "behaviour",
    [speaks_no_tls, closes_in_the_handshake, resets_in_the_handshake, is_silent_in_the_handshake],
    ids=lambda one: one.__name__,
)
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("fresh", [False, True], ids=["pooled", "fresh"])
def test_no_secure_connection_means_that_nothing_left(
    peer: Make, behaviour: Behaviour, method: str, fresh: bool
) -> None:
    there = peer(behaviour)

    (reply,) = send(there.url.replace("http:", "https:"), call_of(method), fresh=fresh)

    assert isinstance(reply, NoAnswer)
    assert not reply.left
    assert there.connections == 1


@contextmanager
def nobody_accepts() -> Iterator[int]:
    """A port whose queue of connections is full, so that the next one waits until it gives up."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("fresh", [False, True], ids=["pooled", "fresh"])
def test_a_connection_that_does_not_come_in_time_means_that_nothing_left(fresh: bool) -> None:
    with nobody_accepts() as port:
        (reply,) = send(f"http://127.0.0.1:{port}", call_of("POST"), fresh=fresh)

    assert reply == NoAnswer(False, "no connection in time")


def test_a_kept_alive_connection_that_is_seen_closed_is_not_taken(peer: Make) -> None:
    def answers_once(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        peer.stop_listening()
        connection.sendall(OK)
        connection.close()
        gone.set()

    gone, there = threading.Event(), peer(answers_once)

    first, second = send(there.url, call_of("POST"), call_of("POST"), then=lambda: gone.wait(5))

    assert isinstance(first, Answer)
    assert second == NoAnswer(False, f"no connection to 127.0.0.1:{there.port}: Connection refused")
    assert len(there.received) == 1


# Ways in which a connection that was handed over fails.


def answer_all(peer: Any, connection: socket.socket, number: int) -> None:
    while peer.request(connection):
        connection.sendall(OK)


def closed_before_reading(peer: Any, connection: socket.socket, number: int) -> None:
    connection.recv(1, socket.MSG_PEEK)
    connection.shutdown(socket.SHUT_WR)


def reset_before_reading(peer: Any, connection: socket.socket, number: int) -> None:
    connection.recv(1, socket.MSG_PEEK)
    reset(connection)


def closed_after_reading(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.close()


def reset_after_reading(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    reset(connection)


def half_an_answer(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(OK[:-4])
    connection.close()


def half_an_answer_and_a_reset(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(OK[:-4])
    reset(connection)


def half_a_header(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(OK[:20])
    connection.close()


def junk(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
    connection.close()


def endless_headers(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Padding: " + b"x" * 4000 + b"\r\n")


def silence(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.recv(1)


def silence_after_half_an_answer(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(OK[:-4])
    connection.recv(1)


def dripping(peer: Any, connection: socket.socket, number: int) -> None:
    """Something comes in every tenth of a second, and never an end."""
    peer.request(connection)
    connection.sendall(OK.replace(b"Content-Length: 10", b"Content-Length: 1000000"))
    connection.settimeout(0.1)
    while True:
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            connection.sendall(b" ")


BEFORE = [closed_before_reading, reset_before_reading]
AFTER = [
    closed_after_reading,
    reset_after_reading,
    half_an_answer,
    half_an_answer_and_a_reset,
    half_a_header,
    junk,
    endless_headers,
    silence,
    silence_after_half_an_answer,
    dripping,
]
SLOW = {silence, silence_after_half_an_answer, dripping}
"""Ways that take their time: met by one method that is repeatable and one that is not."""


def ways(*behaviours: Behaviour) -> list[Any]:
    return [
        pytest.param(behaviour, method, id=f"{behaviour.__name__}-{method}")
        for behaviour in behaviours
        for method in (METHODS[:2] if behaviour in SLOW else METHODS)
    ]


@pytest.mark.parametrize(("behaviour", "method"), ways(*BEFORE, *AFTER))
@pytest.mark.parametrize("fresh", [False, True], ids=["pooled", "fresh"])
def test_a_new_connection_that_fails_may_have_carried_the_request_once(
    peer: Make, behaviour: Behaviour, method: str, fresh: bool
) -> None:
    there = peer(behaviour)

    (reply,) = send(there.url, call_of(method), fresh=fresh)

    assert isinstance(reply, NoAnswer)
    assert reply.left
    assert there.connections == 1
    assert len(there.received) == (0 if behaviour in BEFORE else 1)


@pytest.mark.parametrize(("behaviour", "method"), ways(*BEFORE, *AFTER))
def test_a_kept_alive_connection_that_fails_may_have_carried_the_request_once(
    peer: Make, behaviour: Behaviour, method: str
) -> None:
    there = peer(first_well(behaviour))

    first, second = send(there.url, call_of("POST"), call_of(method))

    assert isinstance(first, Answer)
    assert isinstance(second, NoAnswer)
    assert second.left
    assert there.connections == 1
    assert len(there.received) == (1 if behaviour in BEFORE else 2)


@pytest.mark.parametrize("behaviour", AFTER, ids=lambda one: one.__name__)
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept-alive"])
def test_a_secure_connection_that_fails_may_have_carried_the_request_once(
    peer: Make, behaviour: Behaviour, kept: bool
) -> None:
    there = peer(first_well(behaviour) if kept else behaviour, tls=True)

    *_, reply = send(there.url, *[call_of("PUT")] * (1 + kept))

    assert isinstance(reply, NoAnswer)
    assert reply.left
    assert there.connections == 1
    assert len(there.received) == 1 + kept


def first_well(behaviour: Behaviour) -> Behaviour:
    """Answer the first request of a connection, and then do this."""

    def treat(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        connection.sendall(OK)
        behaviour(peer, connection, number)

    return treat


@pytest.mark.parametrize("at_once", [socket.socket.close, reset], ids=["closed", "reset"])
@pytest.mark.parametrize("method", METHODS)
def test_a_connection_that_goes_away_at_once_is_tried_once(
    peer: Make, at_once: Callable[[socket.socket], None], method: str
) -> None:
    there = peer(lambda peer, connection, number: at_once(connection))

    (reply,) = send(there.url, call_of(method))

    # It may go before the connection is handed over, or after: either way nothing is repeated.
    assert isinstance(reply, NoAnswer)
    assert there.connections == 1
    assert there.received == []


# What there is beside failures.


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "secure"])
def test_a_connection_is_kept_alive_for_the_next_call(peer: Make, tls: bool) -> None:
    there = peer(answer_all, tls=tls)

    replies = send(there.url, *[call_of("POST")] * 3)

    assert all(isinstance(reply, Answer) for reply in replies)
    assert there.connections == 1


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "secure"])
@pytest.mark.parametrize("unasked", [OK, b"HTTP/1.1 408 Request Timeout\r\n\r\n"], ids=["a-copy", "408"])
def test_what_comes_unasked_is_no_answer_to_the_next_call(peer: Make, tls: bool, unasked: bytes) -> None:
    answered, said = threading.Event(), threading.Event()

    def says_more(peer: Any, connection: socket.socket, number: int) -> None:
        while peer.request(connection):
            connection.sendall(OK.replace(b"77", b"% 2d" % number))
            answered.wait(5)
            connection.sendall(unasked)
            said.set()

    there = peer(says_more, tls=tls)

    def more() -> None:
        answered.set()
        said.wait(5)

    replies = send(there.url, call_of("POST"), call_of("POST"), then=more)

    assert [isinstance(reply, Answer) and reply.body for reply in replies] == [{"id": 1}, {"id": 2}]
    assert (there.connections, len(there.received)) == (2, 2)


def test_a_call_without_any_contract_never_takes_an_idle_connection(peer: Make) -> None:
    there = peer(answer_all)

    replies = send(there.url, *[call_of("POST")] * 3, fresh=True)

    assert all(isinstance(reply, Answer) for reply in replies)
    assert there.connections == 3


def test_whoever_sends_is_told_right_before_the_first_byte_and_only_then(
    peer: Make, closed_port: int
) -> None:
    there, told = peer(answer_all), []

    async def run() -> None:
        transport = Transport(SHORT)
        try:
            for url in (f"http://127.0.0.1:{closed_port}", there.url, there.url):
                await transport.send(
                    url, call_of("POST"), (), leaving=lambda: told.append(len(there.received))
                )
        finally:
            await transport.close()

    asyncio.run(run())

    assert told == [0, 1]
