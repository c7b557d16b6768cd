"""Where an API's answer may send us, judged over real sockets and resolvers."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from runner.engine.wire.addresses import ForbiddenAddress, GuardedResolver, Reach, joined, reach_of
from runner.engine.wire.exchange import Timeouts
from runner.engine.wire.transport import Transport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfilm"
Make = Callable[[Callable[[Any, socket.socket, int], None]], Any]


def answer_all(peer: Any, connection: socket.socket, number: int) -> None:
    while peer.request(connection):
        connection.sendall(OK)


def stream(url: str, *reaches: Reach) -> list[bytes]:
    async def run() -> list[bytes]:
        transport = Transport(Timeouts(connect=1.0, read=0.5, total=3.0))
        found = []
        try:
            for reach in reaches:
                async with transport.stream(url, reach=reach) as answer:
                    found.append(b"".join([piece async for piece in answer.pieces]))
            return found
        finally:
            await transport.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "http://127.8.8.8:9/x",
        "http://localhost:9/x",
        "http://LOCALHOST.:9/x",
        "http://[::1]:9/x",
        "http://[::]:9/x",
        "http://0.0.0.0:9/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/x",
        "http://10.0.0.1/x",
        "http://100.64.0.1/x",
        "http://[fd00::1]/x",
        "http://224.0.0.1/x",
        "http://[ff02::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://[2002:a9fe:a9fe::]/x",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "//example.com/x",
        "film",
        "",
        "http:///x",
        "http://user:secret@example.com/x",
        "http://example.com\\@127.0.0.1/x",
        "http://example.com/x\r\nHost: inner",
        "http://127.0.0.1:99999/x",
        "http://[::1/x",
    ],
)
def test_no_answer_can_send_us_to_this_machine_or_its_neighbourhood(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        stream(url, Reach())


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "１２７.0.0.1"])
def test_an_address_in_a_form_of_its_own_leads_nowhere(peer: Make, host: str) -> None:
    there = peer(answer_all)

    with pytest.raises((ForbiddenAddress, aiohttp.ClientError, ValueError)):
        stream(f"http://{host}:{there.port}/x", Reach())

    assert there.connections == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LocalHost"])
def test_a_host_that_the_manifest_names_is_fetched(peer: Make, host: str) -> None:
    there = peer(answer_all)

    assert stream(f"http://{host}:{there.port}/x", reach_of("https://api.acme.test", ["LOCALHOST"])) == [
        b"film"
    ]


def test_the_host_of_the_provider_itself_is_fetched_however_it_is_called(peer: Make) -> None:
    there = peer(answer_all)

    assert stream(f"http://localhost:{there.port}/x", reach_of(there.url, ())) == [b"film"]


def test_what_one_provider_may_reach_another_may_not_even_on_a_connection_that_is_open(peer: Make) -> None:
    there = peer(answer_all)
    url = f"http://localhost:{there.port}/x"

    with pytest.raises(ForbiddenAddress):
        stream(url, reach_of("", ["localhost"]), Reach())

    assert there.connections == 1


class Names(AbstractResolver):
    """A name server that says something else each time."""

    def __init__(self, answers: Mapping[str, list[list[str]]]) -> None:
        self._answers = answers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in self._answers[host].pop(0)
        ]

    async def close(self) -> None:
        return None


def resolved(names: Names, reach: Reach, host: str) -> list[str]:
    found = asyncio.run(GuardedResolver(reach, names).resolve(host, 80))
    return [one["host"] for one in found]


def test_a_name_that_changes_its_mind_between_two_looks_gains_nothing() -> None:
    names = Names({"cdn.example": [["93.184.216.34"], ["127.0.0.1"]]})

    first = resolved(names, Reach(), "cdn.example")

    assert first == ["93.184.216.34"]
    with pytest.raises(OSError, match="this machine or its neighbourhood"):
        resolved(names, Reach(), "cdn.example")


def test_of_a_name_with_many_addresses_the_public_ones_are_taken() -> None:
    names = Names({"cdn.example": [["10.0.0.7", "93.184.216.34", "fe80::1%eth0", "::1"]]})

    assert resolved(names, Reach(), "cdn.example") == ["93.184.216.34"]


def test_a_name_that_the_manifest_names_may_be_anywhere() -> None:
    names = Names({"Files.Corp": [["10.0.0.7"]]})

    assert resolved(names, reach_of("", ["files.corp."]), "Files.Corp") == ["10.0.0.7"]


def test_a_name_that_leads_to_this_machine_is_not_connected_to(
    peer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = peer(answer_all)
    known = {"cdn.example": [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", there.port))]}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: known[host])

    with pytest.raises(ForbiddenAddress, match=r"cdn\.example is an address of this machine"):
        stream(f"http://cdn.example:{there.port}/x", Reach())

    assert there.connections == 0


def test_reaches_are_joined() -> None:
    assert joined([reach_of("", ["a"]), reach_of("https://B.test", [])]).hosts == {"a", "b.test"}
    assert joined([]) == Reach()
