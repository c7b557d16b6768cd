"""Requests over sockets, and the one fact that decides about money: what left.

aiohttp's trace hooks tell when a connection, new or kept alive, was handed to a request. Until then nothing can have
been sent, whatever the exception is called; from then on everything may have been. The class of an exception decides
nothing here: a connection that is dropped after the request reports the same class as one that never came about.
Source: https://docs.aiohttp.org/en/stable/tracing_reference.html
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from runner import __version__
from runner.api.decode import decode
from runner.api.operation import Operation
from runner.model.http import Answer, Call, NoAnswer, Reply, Upload

MOST_BYTES = 64 * 1024 * 1024
"""An answer that is larger than this is not read to its end."""

CHUNK = 256 * 1024
USER_AGENT = f"runner/{__version__}"


class ForbiddenAddress(Exception):
    """A URL out of an API's answer points where no answer may send us."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to get a connection, between two pieces of an answer, and for one exchange as a whole."""

    connect: float = 15.0
    read: float = 120.0
    total: float = 900.0


@dataclass(slots=True)
class Stream:
    """An answer whose body is read piece by piece."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


class Transport:
    """Three pools: one for API calls, one whose connections are used once, one for addresses out of answers."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._pools: dict[str, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()

    async def send(
        self,
        url: str,
        call: Call,
        headers: Sequence[tuple[str, str]],
        *,
        fresh: bool = False,
        operation: Operation | None = None,
    ) -> Reply:
        """Send a call once and read its whole answer. Redirects are not followed: they are answers.

        `url` is complete; `headers` are the call's own and the credentials. `fresh`: never on an idle connection.
        `operation`: whose schemas tell numbers and lists in an answer in XML.
        """
        facts = SimpleNamespace(left=False)
        try:
            async with self._pool("fresh" if fresh else "api").request(
                call.method,
                URL(url, encoded=True),
                headers=_headers(call, headers),
                data=_body(call.body),
                allow_redirects=False,
                trace_request_ctx=facts,
            ) as response:
                raw = await _read(response.content, MOST_BYTES)
                if raw is None:
                    return NoAnswer(True, f"the answer is larger than {MOST_BYTES // 1024 // 1024} MiB")
                return _decoded(response, raw, operation)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return NoAnswer(facts.left, describe(error))
        except asyncio.CancelledError:
            raise

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        allowed: Callable[[str], bool] | None = None,
    ) -> AsyncIterator[Stream]:
        """GET a URL and read it piece by piece. With `allowed` the URL is somebody's word: only http and https, and no
        address of this machine or its neighbourhood unless `allowed(host)`; raises ForbiddenAddress.

        Raises aiohttp.ClientError, OSError or TimeoutError when the network does.
        """
        if allowed is not None:
            _check_url(url, allowed)
        pool = self._pool("api") if allowed is None else self._guarded(allowed)
        async with pool.get(
            URL(url, encoded=True),
            headers=[("User-Agent", USER_AGENT), ("Accept-Encoding", "identity"), *headers],
            allow_redirects=False,
        ) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            yield Stream(response.status, found, response.content.iter_chunked(CHUNK))

    def _pool(self, name: str) -> aiohttp.ClientSession:
        if name not in self._pools:
            self._pools[name] = self._session(aiohttp.TCPConnector(limit=0, force_close=name == "fresh"))
        return self._pools[name]

    def _guarded(self, allowed: Callable[[str], bool]) -> aiohttp.ClientSession:
        if "guarded" not in self._pools:
            self._pools["guarded"] = self._session(aiohttp.TCPConnector(limit=0, resolver=_Resolver(allowed)))
        return self._pools["guarded"]

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        limits = self._timeouts
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                total=limits.total, connect=limits.connect, sock_connect=limits.connect, sock_read=limits.read
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[_trace()],
            auto_decompress=True,
        )


def _trace() -> aiohttp.TraceConfig:
    """Hooks that note when a connection was handed over."""
    trace = aiohttp.TraceConfig()

    async def handed(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
        facts = context.trace_request_ctx
        if facts is not None:
            facts.left = True

    trace.on_connection_create_end.append(handed)
    trace.on_connection_reuseconn.append(handed)
    return trace


def _headers(call: Call, headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    made = [("User-Agent", USER_AGENT), *call.headers, *headers]
    if call.body:
        length = sum(piece.size if isinstance(piece, Upload) else len(piece) for piece in call.body)
        made.append(("Content-Length", str(length)))
    return made


def _body(pieces: Sequence[bytes | Upload]) -> bytes | AsyncIterator[bytes] | None:
    if not pieces:
        return None
    if all(isinstance(piece, bytes) for piece in pieces):
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))
    return _streamed(pieces)


async def _streamed(pieces: Sequence[bytes | Upload]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        file = await asyncio.to_thread(open, piece.path, "rb")
        try:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk
        finally:
            file.close()


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
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return f"no secure connection to {error.host}:{error.port}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {error.host} cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}:{error.port}: {error.os_error.strerror or 'refused'}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _check_url(url: str, allowed: Callable[[str], bool]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ForbiddenAddress(f"{parts.scheme or 'no'} scheme: only http and https are fetched")
    if parts.username or parts.password:
        raise ForbiddenAddress("the URL holds a user or a password")
    if not allowed(parts.hostname) and not _public(parts.hostname):
        raise ForbiddenAddress(f"{parts.hostname} is an address of this machine or its neighbourhood")


def _public(host: str) -> bool:
    """Whether an address literal is a public one; a name is judged once it is resolved."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host.lower() != "localhost"


class _Resolver(AbstractResolver):
    """Resolves names, and drops addresses that no answer of an API may send us to."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if self._allowed(host):
            return found
        public = [one for one in found if _public(one["host"])]
        if not public:
            raise OSError(None, f"{host} is an address of this machine or its neighbourhood")
        return public

    async def close(self) -> None:
        await self._inner.close()
