"""What left, over real sockets: the fact that decides whether a call may be sent again."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

from runner.engine.transport import Timeouts, Transport
from runner.model.http import Answer, Call, NoAnswer, Reply

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + b'{"id": 77}'
CALL = Call("POST", "/x", (("Content-Type", "application/json"),), (b'{"a":1}',))
Make = Callable[[Callable[[Any, socket.socket, int], None]], Any]


def send(url: str, call: Call = CALL, *, fresh: bool = False, times: int = 1) -> list[Reply]:
    async def run() -> list[Reply]:
        transport = Transport(Timeouts(connect=1.0, read=0.5, total=3.0))
        try:
            return [await transport.send(url + call.path, call, (), fresh=fresh) for _ in range(times)]
        finally:
            await transport.close()

    return asyncio.run(run())


def answer_all(peer: Any, connection: socket.socket, number: int) -> None:
    while peer.request(connection):
        connection.sendall(OK)


def test_a_whole_answer_is_decoded(peer: Make) -> None:
    assert send(peer(answer_all).url) == [
        Answer(200, {"content-type": "application/json", "content-length": "10"}, {"id": 77})
    ]


def test_every_cookie_of_an_answer_is_told(peer: Make) -> None:
    def with_cookies(peer: Any, connection: socket.socket, number: int) -> None:
        while peer.request(connection):
            cookies = b"Set-Cookie: session_id=abc; Path=/\r\nSet-Cookie: balancer=7; Path=/\r\n"
            connection.sendall(OK.replace(b"Content-Type", cookies + b"Content-Type"))

    (reply,) = send(peer(with_cookies).url)

    assert isinstance(reply, Answer)
    assert reply.headers["set-cookie"] == "session_id=abc; Path=/, balancer=7; Path=/"


def test_a_refused_connection_means_that_nothing_left(closed_port: int) -> None:
    (reply,) = send(f"http://127.0.0.1:{closed_port}")

    assert isinstance(reply, NoAnswer)
    assert not reply.left


def test_a_name_that_cannot_be_resolved_means_that_nothing_left() -> None:
    (reply,) = send("http://no-such-host.invalid")

    assert isinstance(reply, NoAnswer)
    assert not reply.left
    assert "no-such-host.invalid" in reply.message


def test_a_peer_that_speaks_no_tls_means_that_nothing_left(peer: Make) -> None:
    def plain(peer: Any, connection: socket.socket, number: int) -> None:
        connection.recv(100)
        connection.sendall(b"no tls here, sorry" * 5)
        connection.close()

    (reply,) = send(peer(plain).url.replace("http:", "https:"))

    assert isinstance(reply, NoAnswer)
    assert not reply.left


def closed_at_once(peer: Any, connection: socket.socket, number: int) -> None:
    connection.close()


def reset_at_once(peer: Any, connection: socket.socket, number: int) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def closed_after_reading(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.close()


def reset_after_reading(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def half_an_answer(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(OK[:-4])
    connection.close()


def half_a_header(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(OK[:20])
    connection.close()


def junk(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.sendall(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
    connection.close()


def silence(peer: Any, connection: socket.socket, number: int) -> None:
    peer.request(connection)
    connection.recv(1)


FAILURES = [
    closed_at_once,
    closed_after_reading,
    reset_after_reading,
    half_an_answer,
    half_a_header,
    junk,
    silence,
]


@pytest.mark.parametrize("behaviour", FAILURES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("fresh", [False, True], ids=["pooled", "fresh"])
def test_once_a_connection_was_handed_over_everything_may_have_left(
    peer: Make, behaviour: Callable[[Any, socket.socket, int], None], fresh: bool
) -> None:
    there = peer(behaviour)

    (reply,) = send(there.url, fresh=fresh)

    assert isinstance(reply, NoAnswer)
    assert reply.left
    assert there.connections == 1


def test_a_connection_that_is_reset_at_once_is_tried_once_and_read_from_by_nobody(peer: Make) -> None:
    there = peer(reset_at_once)

    (reply,) = send(there.url)

    # The reset may come before the connection is handed over, or after: either way nothing is repeated.
    assert isinstance(reply, NoAnswer)
    assert there.connections == 1
    assert there.received == []


@pytest.mark.parametrize("behaviour", FAILURES[1:], ids=lambda one: one.__name__)
def test_a_kept_alive_connection_that_fails_may_have_carried_the_request(
    peer: Make, behaviour: Callable[[Any, socket.socket, int], None]
) -> None:
    def first_well(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        connection.sendall(OK)
        behaviour(peer, connection, number)

    there = peer(first_well)

    first, second = send(there.url, times=2)

    assert isinstance(first, Answer)
    assert isinstance(second, NoAnswer)
    assert second.left
    assert there.connections == 1
    assert len(there.received) == 2


def test_a_call_without_any_contract_never_takes_an_idle_connection(peer: Make) -> None:
    there = peer(answer_all)

    replies = send(there.url, fresh=True, times=3)

    assert all(isinstance(reply, Answer) for reply in replies)
    assert there.connections == 3


def test_redirects_are_answers_and_are_not_followed(peer: Make) -> None:
    def redirect(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")

    there = peer(redirect)

    (reply,) = send(there.url)

    assert isinstance(reply, Answer)
    assert reply.status == 302
    assert len(there.received) == 1
