"""What the engine is compared with: the same requests, sent by loops that keep no state."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import httpx
from mill import AT_ONCE

from runner.engine.wire.transport import Transport
from runner.model.http import Answer, Call


class Client(Protocol):
    """Sends requests to the API at `url`."""

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer's JSON."""

    async def get(self, path: str) -> Any:
        """The answer's JSON."""

    async def fetch(self, path: str) -> bytes:
        """The answer's bytes."""
        ...


class OverTransport:
    """The engine's own transport, with nothing around it."""

    def __init__(self, url: str, transport: Transport) -> None:
        self._url, self._transport = url, transport

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        content = json.dumps(body).encode()
        call = Call("POST", path, (("Content-Type", "application/json"),), (content,))
        return self._read(await self._transport.send(self._url + path, call, ()))

    async def get(self, path: str) -> Any:
        return self._read(await self._transport.send(self._url + path, Call("GET", path), ()))

    async def fetch(self, path: str) -> bytes:
        async with self._transport.stream(self._url + path) as stream:
            return b"".join([piece async for piece in stream.pieces])

    def _read(self, reply: Any) -> Any:
        assert isinstance(reply, Answer), reply
        return reply.body


class OverAiohttp:
    """aiohttp as it comes."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url, self._session = url, session

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._session.post(self._url + path, json=body) as answer:
            return await answer.json()

    async def get(self, path: str) -> Any:
        async with self._session.get(self._url + path) as answer:
            return await answer.json()

    async def fetch(self, path: str) -> bytes:
        async with self._session.get(self._url + path) as answer:
            return await answer.read()


class OverHttpx:
    """httpx.AsyncClient as it comes."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return (await self._client.post(path, json=body)).json()

    async def get(self, path: str) -> Any:
        return (await self._client.get(path)).json()

    async def fetch(self, path: str) -> bytes:
        return (await self._client.get(path)).content


@asynccontextmanager
async def over_transport(url: str) -> AsyncIterator[Client]:
    transport = Transport()
    try:
        yield OverTransport(url, transport)
    finally:
        await transport.close()


@asynccontextmanager
async def over_aiohttp(url: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        yield OverAiohttp(url, session)


@asynccontextmanager
async def over_httpx(url: str) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(base_url=url) as client:
        yield OverHttpx(client)


Opened = Callable[[str], AbstractAsyncContextManager[Client]]


def timed(opened: Opened, url: str, work: Callable[[Client], Awaitable[None]]) -> float:
    """Wall seconds of some work over a client."""

    async def run() -> None:
        async with opened(url) as client:
            await work(client)

    begun = time.perf_counter()
    asyncio.run(run())
    return time.perf_counter() - begun


async def chains(client: Client, count: int, folder: Path) -> None:
    """Independent chains: create, look whether it is done, fetch the result and write it."""

    async def chain(number: int) -> None:
        body = {"name": f"e{number:06}", "source": f"media/e{number:06}.mp4", "language": "fr-FR"}
        job = await client.post("/jobs", body)
        seen = await client.get(f"/jobs/{job['id']}")
        assert seen["state"] == "done"
        (folder / f"e{number:06}.bin").write_bytes(await client.fetch(seen["file"]))

    await _together(chain, count)


async def serial(client: Client, count: int, _: Path) -> None:
    """One chain: every step needs what the step before it gave."""
    source = "media/first.mp4"
    for number in range(count):
        source = (await client.post("/steps", {"name": f"s{number}", "source": source}))["id"]


async def serial_noted(client: Client, count: int, notes: Path) -> None:
    """The same with a line in a file before each step, on the disk before the step is sent."""
    source = "media/first.mp4"
    with await asyncio.to_thread(open, notes, "ab") as file:

        def note(line: bytes) -> None:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

        for number in range(count):
            await asyncio.to_thread(note, source.encode() + b"\n")
            source = (await client.post("/steps", {"name": f"s{number}", "source": source}))["id"]


async def fan_in(client: Client, count: int) -> None:
    """One step that needs what so many others gave."""
    ids: list[str] = [""] * count

    async def part(number: int) -> None:
        body = {"name": f"e{number:06}", "source": f"media/e{number:06}.mp4"}
        ids[number] = (await client.post("/steps", body))["id"]

    await _together(part, count)
    await client.post("/steps", {"name": "whole", "inputs": ids})


async def _together(work: Callable[[int], Awaitable[None]], count: int) -> None:
    numbers: Iterator[int] = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
