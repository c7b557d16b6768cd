"""Redirects: followed by what only reads, and nothing secret goes to anybody else."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from closing import closed

from runner.api.catalogue import Catalogue
from runner.engine.wire.accounts import MOST_REDIRECTS, Account
from runner.engine.wire.exchange import Timeouts
from runner.engine.wire.transport import Transport
from runner.model.http import Answer, Call, Reply
from runner.model.settings import ProviderSettings

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + b'{"id": 77}'
READ = Call("GET", "/here?page=2", (("X-Own", "own-secret"),), repeatable=True)
PAY = Call("POST", "/pay", (), (b"{}",))
Make = Callable[..., Any]


def leading(to: str, status: int = 302) -> Callable[[Any, socket.socket, int], None]:
    """A peer that leads `/here` and `/pay` elsewhere, and answers everything else."""

    def treat(peer: Any, connection: socket.socket, number: int) -> None:
        while request := peer.request(connection):
            away = request.split(b" ")[1].startswith((b"/here", b"/pay"))
            head = f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(head.encode() if away else OK)

    return treat


def answering(peer: Any, connection: socket.socket, number: int) -> None:
    while peer.request(connection):
        connection.sendall(OK)


def send(url: str, call: Call) -> Reply:
    async def run() -> Reply:
        transport = Transport(Timeouts(connect=1.0, read=1.0, total=2.0))
        settings = ProviderSettings("dubformer", auth={"token": "s3cret"}, base_url=url)
        try:
            return await Account(Catalogue().provider("dubformer"), settings, transport).send(call)
        finally:
            await closed(transport)

    return asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_read_follows_within_its_own_origin_with_the_credentials(peer: Make, status: int) -> None:
    there = peer(leading("/there?page=2", status))

    reply = send(there.url, READ)

    assert isinstance(reply, Answer)
    assert reply.body == {"id": 77}
    assert [one.split(b" ")[1] for one in there.received] == [b"/here?page=2", b"/there?page=2"]
    assert all(b"s3cret" in one for one in there.received)


def test_a_read_that_is_led_elsewhere_goes_there_without_anything_secret(peer: Make) -> None:
    other = peer(answering)
    there = peer(leading(f"{other.url}/file?signature=1"))

    reply = send(there.url, READ)

    assert isinstance(reply, Answer)
    assert reply.body == {"id": 77}
    (asked,) = other.received
    assert asked.startswith(b"GET /file?signature=1 ")
    assert b"secret" not in asked


def test_another_host_that_wants_credentials_gets_none_and_nobody_is_blamed(peer: Make) -> None:
    def refusing(peer: Any, connection: socket.socket, number: int) -> None:
        while peer.request(connection):
            connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    other = peer(refusing)
    there = peer(leading(f"{other.url}/x"))

    reply = send(there.url, READ)

    assert isinstance(reply, Answer)
    assert (reply.status, reply.unreadable) == (
        302,
        f"it redirects to {other.url}, which gets no credentials",
    )
    assert len(other.received) == 1


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/latest", "http://10.0.0.1/", "file:///etc/passwd", "ftp://x/"]
)
def test_a_redirect_leads_to_no_address_that_is_not_public(peer: Make, to: str) -> None:
    reply = send(peer(leading(to)).url, READ)

    assert isinstance(reply, Answer)
    assert reply.status == 302


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_call_with_an_effect_is_never_sent_elsewhere(peer: Make, status: int) -> None:
    other = peer(answering)
    there = peer(leading(f"{other.url}/pay", status))

    reply = send(there.url, PAY)

    assert isinstance(reply, Answer)
    assert reply.status == status
    assert (len(there.received), len(other.received)) == (1, 0)


def test_redirects_that_lead_round_and_round_come_to_an_end(peer: Make) -> None:
    there = peer(leading("/here"))

    reply = send(there.url, READ)

    assert isinstance(reply, Answer)
    assert reply.status == 302
    assert len(there.received) == 1 + MOST_REDIRECTS
