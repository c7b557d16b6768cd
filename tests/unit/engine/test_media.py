"""Media that calls name: asked for before paying, and never where an answer may not lead."""

import asyncio
import socket
from pathlib import Path

import pytest
from downloading import Bench, Make, Shelf, fetching, head, status

from runner.engine.wire.addresses import Reach, reach_of
from runner.engine.wire.media import MediaCheck
from runner.engine.wire.transport import Timeouts, Transport


def checked(url: str, reach: Reach) -> MediaCheck:
    async def run() -> MediaCheck:
        transport = Transport(Timeouts(connect=1.0, read=1.0, total=3.0))
        try:
            check = MediaCheck(transport, False, reach)
            await check.check([url])
            return check
        finally:
            await transport.close()

    return asyncio.run(run())


@pytest.mark.parametrize("line", ["404 Not Found", "410 Gone"])
def test_media_that_are_gone_are_known_to_be_missing(peer: Make, line: str) -> None:
    there = peer(Shelf(b"", [status(line)]).serve)

    assert checked(f"{there.url}/film.mp4", reach_of(there.url, ())).missing(f"{there.url}/film.mp4")


def test_a_redirect_of_media_leads_to_nobody_in_the_neighbourhood(peer: Make) -> None:
    there = peer(Shelf(b"", [status("302 Found", "Location: http://169.254.169.254/latest")]).serve)

    (warning,) = checked(f"{there.url}/film.mp4", reach_of(there.url, ())).warnings()

    assert "169.254.169.254 is an address of this machine or its neighbourhood" in warning.message


def test_media_in_the_neighbourhood_are_not_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        (warning,) = checked(f"http://127.0.0.1:{listener.getsockname()[1]}/x", Reach()).warnings()

        with pytest.raises(BlockingIOError):
            listener.accept()

    assert "neighbourhood" in warning.message


KEYED = """\
openapi: 3.1.0
info: {title: Acme, version: '1'}
servers: [{url: https://acme.test}]
components: {securitySchemes: {key: {type: apiKey, in: query, name: key}}}
security: [{key: []}]
paths: {}
"""


def test_a_key_that_stands_in_the_query_goes_with_downloads_of_its_own_host_alone(
    tmp_path: Path, peer: Make
) -> None:
    elsewhere = Shelf(b"film", [lambda shelf, _: (head("200 OK", 4), b"film", True)])
    other = peer(elsewhere.serve)
    shelf = Shelf(b"", [status("302 Found", f"Location: {other.url}/film?x=1")])

    def steps(bench: Bench) -> None:
        bench.downloads.put(bench.fetch("a.mp4", credentials=True))

    bench = fetching(tmp_path, peer(shelf.serve).url, steps, 1, document=KEYED, auth={"key": "secret"})

    assert bench.troubles() == {"a.mp4": ""}
    assert shelf.asked[0]["target"] == "/film?key=secret"
    assert elsewhere.asked[0]["target"] == "/film?x=1"
