"""Downloads into a folder with a journal beside it, and a server of files that can be told to misbehave."""

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.api.catalogue import load_provider
from runner.engine.download.downloads import Downloads, Fetched
from runner.engine.download.fetches import Bounds, Fetch
from runner.engine.state.journal import Journal, open_journal
from runner.engine.state.lock import Holder
from runner.engine.wire.accounts import Account
from runner.engine.wire.transport import Timeouts, Transport
from runner.model.errors import RunnerError
from runner.model.event import Received
from runner.model.settings import ProviderSettings

DOCUMENT = (
    "openapi: 3.1.0\ninfo: {title: Acme, version: '1'}\nservers: [{url: https://acme.test}]\npaths: {}\n"
)
Make = Callable[[Callable[[Any, socket.socket, int], None]], Any]


class Bench:
    """Downloads into a folder, with a journal beside it."""

    def __init__(
        self,
        folder: Path,
        url: str,
        overwrite: bool = False,
        bounds: Bounds = Bounds(pause=0.02, patience=0.05),  # noqa: B008 — a value that nobody changes
        read: float = 2.0,
        document: str = DOCUMENT,
        **settings_too: Any,
    ) -> None:
        self.url = url
        self.transport = Transport(Timeouts(connect=1.0, read=read, total=5.0))
        settings = ProviderSettings("acme", base_url=url, **settings_too)
        self.account = Account(load_provider("acme", document, "acme.yaml"), settings, self.transport)
        holder = Holder("here", os.getpid(), "apply", "2026-01-01T00:00:00Z")
        self.journal: Journal = open_journal(folder / "state.db", name="season", holder=holder)
        self.got: list[Fetched] = []
        self.failures: list[RunnerError] = []
        self.downloads = Downloads(
            folder, self.transport, self.journal, self.done, self.failures.append, overwrite, bounds
        )

    async def done(self, fetched: Fetched) -> None:
        self.got.append(fetched)

    def fetch(
        self,
        path: str,
        url: str = "",
        renew: Callable[[], Awaitable[str]] | None = None,
        address: str = "a",
        credentials: bool = False,
    ) -> Fetch:
        """A file of the journal's only instance; its link is renewed by nobody unless told otherwise."""

        async def same() -> str:
            return ""

        where = url or f"{self.url}/film"
        return Fetch(address, 1, "video", path, where, self.account, credentials, renew or same)

    def put(self, path: str, url: str = "", **options: Any) -> None:
        """Have a file fetched."""
        self.downloads.put(self.fetch(path, url, **options))

    def troubles(self) -> dict[str, str]:
        return {one.fetch.path: one.trouble for one in self.got}


def fetching(
    folder: Path,
    url: str,
    steps: Callable[[Bench], None],
    count: int,
    enough: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Bench:
    """Run downloads until so many have ended, or until it is enough; what is under way is cut then."""

    async def run() -> Bench:
        bench = Bench(folder, url, **options)
        try:
            await bench.journal.record(Received(address="a", generation=1, id="7", how="answered"))
            steps(bench)
            async with asyncio.timeout(30):
                while len(bench.got) < count and not bench.failures and not enough():  # noqa: ASYNC110 — no event tells
                    await asyncio.sleep(0.001)
        finally:
            await bench.downloads.close()
            await bench.transport.close()
            bench.journal.close()
        return bench

    return asyncio.run(run())


@dataclass
class Shelf:
    """One file behind HTTP. `answers` are used up one by one, and the last is kept to; `asked` holds the headers of
    each request by lower-case name."""

    content: bytes
    answers: Sequence[Callable[["Shelf", dict[str, str]], tuple[bytes, bytes, bool]]]
    tag: str = '"v1"'
    asked: list[dict[str, str]] = field(default_factory=list)

    def serve(self, peer: Any, connection: socket.socket, number: int) -> None:
        """A peer's behaviour."""
        while request := peer.request(connection):
            lines = request.decode().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)
            }
            self.asked.append({**headers, "target": lines[0].split(" ")[1], "host": headers.get("host", "")})
            answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
            head, body, goes_on = answer(self, headers)
            connection.sendall(head + body)
            if not goes_on:
                connection.close()
                return

    @property
    def ranges(self) -> list[str]:
        """What ranges were asked for; empty for the whole."""
        return [headers.get("range", "") for headers in self.asked]


Answer = Callable[[Shelf, dict[str, str]], tuple[bytes, bytes, bool]]


def head(status: str, length: int | None, *lines: str) -> bytes:
    """The head of an answer."""
    made = [f"HTTP/1.1 {status}", *lines]
    if length is not None:
        made.append(f"Content-Length: {length}")
    return ("\r\n".join(made) + "\r\n\r\n").encode()


def whole(*lines: str) -> Answer:
    """200 with all of it."""
    return lambda shelf, _: (
        head("200 OK", len(shelf.content), f"ETag: {shelf.tag}", *lines),
        shelf.content,
        True,
    )


def broken(at: int, *lines: str, tag: bool = True) -> Answer:
    """200 that breaks off behind so many bytes."""

    def answer(shelf: Shelf, _: dict[str, str]) -> tuple[bytes, bytes, bool]:
        named = [f"ETag: {shelf.tag}"] if tag else []
        return head("200 OK", len(shelf.content), *named, *lines), shelf.content[:at], False

    return answer


def rest(at: int | None = None, *, lines: Sequence[str] = (), shift: int = 0, tag: str = "") -> Answer:
    """206 as RFC 9110 has it when the version is the one that was named, and 200 otherwise. `at`: it breaks off there;
    `shift`: it begins elsewhere than was asked; `tag`: it names another version."""

    def answer(shelf: Shelf, asked: dict[str, str]) -> tuple[bytes, bytes, bool]:
        if not asked.get("range") or asked.get("if-range", shelf.tag) != shelf.tag:
            return whole(*lines)(shelf, asked)
        first = int(asked["range"].removeprefix("bytes=").rstrip("-")) + shift
        size = len(shelf.content)
        told = f"Content-Range: bytes {first}-{size - 1}/{size}"
        made = head("206 Partial Content", size - first, told, f"ETag: {tag or shelf.tag}", *lines)
        return made, shelf.content[first:at], at is None

    return answer


def status(line: str, *lines: str) -> Answer:
    """An answer without a body."""
    return lambda shelf, _: (head(line, 0, *lines), b"", True)


class Stand:
    """A server of one shelf on this machine, until it is closed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        self._begin(self._accept)

    def request(self, connection: socket.socket) -> bytes:
        """The head of a request; empty when the other side has closed."""
        found = b""
        while b"\r\n\r\n" not in found and (piece := connection.recv(65536)):
            found += piece
        return found

    def close(self) -> None:
        """Cut what is there, and wait until everybody has gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):  # the other side was faster
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self._begin(lambda connection=connection: self._treat(connection))  # type: ignore[misc]

    def _treat(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # whoever asked may go at any time
            self._shelf.serve(self, connection, 0)
        self._open.remove(connection)
