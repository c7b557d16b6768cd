"""Answers over real sockets: decoded, bounded, and never followed elsewhere. What left is in test_what_left.py."""

import asyncio
import gzip
import hashlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from closing import closed

from runner.engine.wire.exchange import Timeouts
from runner.engine.wire.transport import Transport
from runner.model.http import Answer, Call, NoAnswer, Reply, Upload

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + b'{"id": 77}'
CALL = Call("POST", "/x", (("Content-Type", "application/json"),), (b'{"a":1}',))
Make = Callable[[Callable[[Any, socket.socket, int], None]], Any]


SHORT = Timeouts(connect=1.0, read=0.5, total=3.0)


def send(url: str, call: Call = CALL, *, limits: Timeouts = SHORT) -> list[Reply]:
    async def run() -> list[Reply]:
        transport = Transport(limits)
        try:
            return [await transport.send(url + call.path, call, ())]
        finally:
            await closed(transport)

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


def test_redirects_are_answers_and_are_not_followed(peer: Make) -> None:
    def redirect(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")

    there = peer(redirect)

    (reply,) = send(there.url)

    assert isinstance(reply, Answer)
    assert reply.status == 302
    assert len(there.received) == 1


def upload(tmp_path: Path, size: int) -> Call:
    file = tmp_path / "film.mp4"
    with file.open("wb") as made:
        made.truncate(size)
    return Call("PUT", "/x", (), (Upload(str(file), size, ""),))


def test_a_server_that_takes_no_more_of_a_body_is_given_up(peer: Make, tmp_path: Path) -> None:
    given_up = threading.Event()

    def stops_reading(peer: Any, connection: socket.socket, number: int) -> None:
        connection.recv(1000)
        given_up.wait(5)

    there = peer(stops_reading)

    (reply,) = send(there.url, upload(tmp_path, 64_000_000), limits=Timeouts(write=0.3, read=5.0, total=5.0))
    given_up.set()

    assert reply == NoAnswer(True, "the request was not taken in time")


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        pytest.param(b"x" * 999_999, "film.mp4 has changed since it was planned", id="shorter"),
        pytest.param(b"x" * 1_000_001, "film.mp4 has changed since it was planned", id="longer"),
        pytest.param(b"y" * 1_000_000, "film.mp4 has changed since it was planned", id="other bytes"),
        pytest.param(None, "No such file or directory", id="gone"),
    ],
)
def test_a_file_that_is_not_what_was_planned_is_never_sent_whole(
    peer: Make, tmp_path: Path, now: bytes | None, reason: str
) -> None:
    file, planned = tmp_path / "film.mp4", b"x" * 1_000_000
    came: list[int] = []
    ended = threading.Event()

    def reads_all(peer: Any, connection: socket.socket, number: int) -> None:
        whole = b""
        while piece := connection.recv(1_000_000):
            whole += piece
        came.append(len(whole.partition(b"\r\n\r\n")[2]))
        ended.set()

    there = peer(reads_all)
    if now is not None:
        file.write_bytes(now)
    call = Call(
        "PUT", "/x?token=canary", (), (Upload(str(file), len(planned), hashlib.sha256(planned).hexdigest()),)
    )

    (reply,) = send(there.url, call)

    assert reply == NoAnswer(True, reason)
    assert ended.wait(5)
    assert came[0] < len(planned)


def test_an_upload_may_take_longer_than_an_answer_as_long_as_it_goes_on(peer: Make, tmp_path: Path) -> None:
    size, pause = 8_000_000, threading.Event()

    def reads_slowly(peer: Any, connection: socket.socket, number: int) -> None:
        left, head = size, connection.recv(65536)
        left -= len(head.partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= len(connection.recv(1_000_000))
            pause.wait(0.02)
        connection.sendall(OK)

    there = peer(reads_slowly)

    (reply,) = send(there.url, upload(tmp_path, size), limits=Timeouts(write=1.0, read=0.5, total=0.2))

    assert isinstance(reply, Answer)


def test_a_huge_answer_is_not_read_to_its_end(peer: Make) -> None:
    def huge(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        connection.sendall(OK.replace(b"Content-Length: 10", b"Content-Length: 100000000000"))
        while True:
            connection.sendall(b" " * 1_000_000)

    (reply,) = send(peer(huge).url, limits=Timeouts())

    assert reply == NoAnswer(True, "the answer is larger than 64 MiB")


def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_unpacked_to_its_end(peer: Make) -> None:
    packed = gzip.compress(b" " * 100_000_000, 1)

    def bomb(peer: Any, connection: socket.socket, number: int) -> None:
        peer.request(connection)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        connection.sendall(head.encode() + packed)

    (reply,) = send(peer(bomb).url, limits=Timeouts())

    assert reply == NoAnswer(True, "the answer is larger than 64 MiB")
