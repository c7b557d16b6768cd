"""Requests over sockets, and the one fact that decides about money: what left.

aiohttp's trace hooks tell when a connection, new or kept alive, was handed to a request. Until then nothing can have
been sent, whatever the exception is called; from then on everything may have been. The class of an exception decides
nothing here: a connection that is dropped after the request reports the same class as one that never came about.
Source: https://docs.aiohttp.org/en/stable/tracing_reference.html

aiohttp sends GET, PUT and DELETE a second time when a kept-alive connection turns out to be dead, and bounds no
writing. `runner.engine.wire.exchange` takes away the one and adds the other.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from runner import __version__
from runner.api.messages.decode import decode
from runner.api.openapi.operation import Operation
from runner.engine.machine.files import Changed, pieces_of
from runner.engine.wire.addresses import ForbiddenAddress, GuardedResolver, Reach, Unreachable, near
from runner.engine.wire.connector import Connector
from runner.engine.wire.exchange import CHUNK, Broken, Exchange, Timeouts, once, trace
from runner.model.http import Answer, Call, NoAnswer, Reply, Upload

MOST_BYTES = 64 * 1024 * 1024
"""An answer that is larger than this is not read to its end."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
USER_AGENT = f"runner/{__version__}"


@dataclass(slots=True)
class Stream:
    """An answer whose body is read piece by piece."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


class Transport:
    """Pools: one for API calls, one whose connections are used once, one for each reach of addresses out of answers."""

    def __init__(
        self,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
        guard: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`tls` tells whom to trust; the system's authorities where it is None. `guard` is asked between having a
        connection and a call's first byte; what it raises, `send` raises, and nothing leaves."""
        self._guard = guard
        self._timeouts = limits = timeouts or Timeouts()
        self._phases = aiohttp.ClientTimeout(
            total=None, connect=limits.connect, sock_connect=limits.connect, sock_read=limits.read
        )
        self._tls = tls
        self._pools: dict[str, aiohttp.ClientSession] = {}
        self._guards: dict[Reach, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close every connection."""
        for pool in (*self._pools.values(), *self._guards.values()):
            await pool.close()
        self._pools.clear()
        self._guards.clear()

    async def send(
        self,
        url: str,
        call: Call,
        headers: Sequence[tuple[str, str]],
        *,
        fresh: bool = False,
        operation: Operation | None = None,
        leaving: Callable[[], None] | None = None,
        reach: Reach | None = None,
    ) -> Reply:
        """Send a call once and read its whole answer. Redirects are not followed: they are answers.

        `url` is complete; `headers` are the call's own and the credentials. `fresh`: never on an idle connection.
        `operation`: whose schemas tell numbers and lists in an answer in XML. `leaving` is called when a connection
        is there, right before the first byte. With `reach` the URL is somebody's word, as in `stream`.
        """
        exchange = Exchange(self._timeouts, leaving, self._guard)
        try:
            pool = self._guarded(reach) if reach is not None else self._pool("fresh" if fresh else "api")
            async with (
                exchange.bounded(call.body),
                pool.request(
                    call.method,
                    URL(url, encoded=True) if reach is None else reach.check(url),
                    headers=_headers(call, headers),
                    data=_body(call.body, exchange),
                    allow_redirects=False,
                    timeout=self._phases,
                    trace_request_ctx=exchange,
                ) as response,
            ):
                raw = await _read(response.content, MOST_BYTES)
                if raw is None:
                    return NoAnswer(True, f"the answer is larger than {MOST_BYTES // 1024 // 1024} MiB")
                return _decoded(response, raw, operation)
        except TimeoutError:
            return NoAnswer(exchange.left, exchange.late())
        except ForbiddenAddress as error:
            return NoAnswer(False, str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return NoAnswer(exchange.left, describe(error))

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        reach: Reach | None = None,
        method: str = "GET",
    ) -> AsyncIterator[Stream]:
        """GET a URL and read it piece by piece. With `reach` the URL is somebody's word: only http and https, and no
        address of this machine or its neighbourhood outside the reach; raises ForbiddenAddress. Such an answer
        is given as it was packed, and may take as long as it likes as long as something comes.

        Raises aiohttp.ClientError, OSError or TimeoutError when the network does.
        """
        there = URL(url, encoded=True) if reach is None else reach.check(url)
        pool = self._pool("api") if reach is None else self._guarded(reach)
        try:
            async with pool.request(
                method,
                there,
                headers=[("User-Agent", USER_AGENT), ("Accept-Encoding", "identity"), *headers],
                allow_redirects=False,
            ) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                yield Stream(response.status, found, response.content.iter_chunked(CHUNK))
        except aiohttp.ClientConnectorDNSError as error:
            if isinstance(error.os_error, Unreachable):
                raise ForbiddenAddress(near(error.host)) from None
            raise

    def _pool(self, name: str) -> aiohttp.ClientSession:
        if name not in self._pools:
            tls = self._tls if self._tls is not None else True
            connector = Connector(limit=0, force_close=name == "fresh", ssl=tls)
            self._pools[name] = self._session(connector)
        return self._pools[name]

    def _guarded(self, reach: Reach) -> aiohttp.ClientSession:
        """One pool for each reach: neither an address nor a connection of one serves another."""
        if reach not in self._guards:
            connector = Connector(limit=0, resolver=GuardedResolver(reach))
            self._guards[reach] = self._session(connector, endless=True)
        return self._guards[reach]

    def _session(self, connector: aiohttp.TCPConnector, *, endless: bool = False) -> aiohttp.ClientSession:
        limits = self._timeouts
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                total=None if endless else limits.total,
                connect=limits.connect,
                sock_connect=limits.connect,
                sock_read=limits.read,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace()],
            middlewares=(once,),
            auto_decompress=not endless,
        )


def _headers(call: Call, headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    made = [("User-Agent", USER_AGENT), *call.headers, *headers]
    if call.body:
        length = sum(piece.size if isinstance(piece, Upload) else len(piece) for piece in call.body)
        made.append(("Content-Length", str(length)))
    return made


def _body(pieces: Sequence[bytes | Upload], exchange: Exchange) -> bytes | AsyncIterator[bytes] | None:
    if not pieces:
        return None
    if exchange.whole(pieces):
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))
    return _streamed(pieces, exchange)


async def _streamed(pieces: Sequence[bytes | Upload], exchange: Exchange) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            for start in range(0, len(piece), CHUNK):
                exchange.writes()
                yield piece[start : start + CHUNK]
            continue
        chunks = pieces_of(piece, CHUNK)
        while chunk := await asyncio.to_thread(next, chunks, b""):
            exchange.writes()
            yield chunk
    exchange.wrote()


async def _read(content: aiohttp.StreamReader, most: int) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    async for piece in content.iter_any():
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _decoded(response: aiohttp.ClientResponse, raw: bytes, operation: Operation | None) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if "set-cookie" in headers:  # a gateway adds its own beside the API's, each on a line
        headers["set-cookie"] = ", ".join(response.headers.getall("set-cookie"))
    return decode(response.status, headers, raw, operation)


def describe(error: BaseException) -> str:
    """A network error in words: never the URL with its query, which may hold credentials."""
    if isinstance(error, Broken) and error.__cause__ is not None:
        return describe(error.__cause__)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "no connection in time"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return f"no secure connection to {error.host}:{error.port}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {error.host} cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        why = os.strerror(number) if number else error.os_error.strerror
        return f"no connection to {error.host}:{error.port}: {why or 'closed at once'}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off"
    if isinstance(error, Changed):
        return str(error)
    if isinstance(error, aiohttp.ClientOSError) and isinstance(error.__cause__, OSError):
        return describe(error.__cause__)  # aiohttp's own words, of a body that was not written, hold the URL
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
