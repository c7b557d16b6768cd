"""Notifications of the APIs: received, bounded, passed on; never believed.

Whoever knows the address can send anything. So a notification only says "look now": money, files and states are always
asked of the API. The address holds 128 bits that nobody can guess; everything else is answered 404 and told nothing.
Bodies, time, connections and rate are bounded, so that a flood costs the run next to nothing.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from runner.api.messages.decode import content_type, decode
from runner.api.messages.reading import id_text
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.api.vocabulary.locate import Scope, locate
from runner.model.errors import RunnerError, WrongUsage

if TYPE_CHECKING:
    from aiohttp import web

OnNotice = Callable[[str, Mapping[str, Any]], None]
"""Told of a notification: the provider, and the decoded body. It must be quick and must not raise."""

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000
_LAST_WORDS = 0.2
"""Seconds that a notification under way has left when the run ends."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the receiver bears: bytes a body, seconds a body may take to come and a connection may live, notifications a
    second (and at once), and connections at a time."""

    body: int = 64 * 1024
    patience: float = 10.0
    life: float = 20.0
    rate: float = 50.0
    burst: int = 500
    connections: int = 256


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification says that it is about: the remote id and the mark; empty where it does not tell."""

    id: str
    mark: str


def notice_of(use: Use, body: Mapping[str, Any]) -> Notice:
    """Reads a notification by what the resource's document says of it."""
    hook = use.kind.webhook if isinstance(use.kind, Resource) else None
    if hook is None:
        return Notice("", "")
    scope = Scope(request=body)
    return Notice(*(id_text(locate(ref, scope)) if ref else "" for ref in (hook.id, hook.mark)))


def new_token() -> str:
    """A secret for a state's addresses, to be kept with it so that they stay the same over all its runs."""
    return secrets.token_hex(32)


class Receiver:
    """Listens. `token` is the state's secret; `on_notice` is told of what came to an address of ours."""

    def __init__(self, token: str, on_notice: OnNotice, bounds: Bounds = Bounds()) -> None:
        self._token = token.encode()
        self._on_notice = on_notice
        self._bounds = bounds
        self._providers: dict[str, str] = {}
        self._public = ""
        self._server: asyncio.Server | None = None
        self._handlers: web.Server | None = None
        self._bucket = Bucket(bounds.rate, bounds.burst)

    async def start(self, listen: str, public_url: str = "") -> None:
        """Listen on HOST:PORT (port 0: a free one). `public_url` is how the APIs reach it; empty: the own address.

        WrongUsage when one of them cannot be, RunnerError when the address is taken or not of this machine.
        """
        from aiohttp import web

        host, port = listen_address(listen)
        self._public = _checked_url(public_url) if public_url else ""
        loop = asyncio.get_running_loop()
        self._handlers = web.Server(
            self._receive,
            access_log=None,
            auto_decompress=False,  # a small body that unpacks to a huge one is not unpacked
            keepalive_timeout=self._bounds.patience,
            lingering_time=0.0,
        )
        try:
            self._server = await loop.create_server(self._accepted, host, port, backlog=256)
        except OSError as error:
            reason = f"cannot listen for webhooks on {listen}: {error.strerror or error}"
            raise RunnerError(reason, "name another HOST:PORT in webhooks.listen or --listen") from error
        if not self._public:
            name, bound = self._server.sockets[0].getsockname()[:2]
            self._public = f"http://{f'[{name}]' if ':' in name else name}:{bound}"

    async def close(self) -> None:
        """Stop listening; what is under way is cut."""
        if self._server is None or self._handlers is None:
            return
        self._server.close()
        for handler in self._handlers.connections:
            handler.force_close()  # a shutdown would wait for idle connections
        await self._handlers.shutdown(_LAST_WORDS)
        await self._server.wait_closed()
        self._server = self._handlers = None

    def url(self, provider: str) -> str:
        """The address for one provider's notifications; stable for a token and a public URL."""
        word = hmac.new(self._token, f"webhook {provider}".encode(), hashlib.sha256).hexdigest()[:40]
        self._providers[word] = provider
        return f"{self._public}/{word}"

    def expect(self, providers: tuple[str, ...]) -> None:
        """Know the addresses of these providers before anything is sent: an earlier run's notifications may still
        come."""
        for provider in providers:
            self.url(provider)

    def _accepted(self) -> asyncio.Protocol:
        """The handler of a new connection, with an end to its life; beyond the most, one that hangs up."""
        assert self._handlers is not None
        if len(self._handlers.connections) >= self._bounds.connections:
            return _HangUp()
        handler = self._handlers()
        asyncio.get_running_loop().call_later(self._bounds.life, handler.force_close)
        return handler

    async def _receive(self, request: "web.BaseRequest") -> "web.StreamResponse":
        provider = self._provider(request.path) if request.method == "POST" else None
        if provider is None:
            return _said(404)
        if not self._bucket.take():
            return _said(429)
        try:
            async with asyncio.timeout(self._bounds.patience):
                raw = await self._body(request)
        except TimeoutError:
            return _said(408)
        if raw is None:
            return _said(413)
        body = decoded(request.headers.get("Content-Type", ""), raw)
        if body is not None:
            self._on_notice(provider, body)
        return _said(200)

    def _provider(self, path: str) -> str | None:
        """Whose address this is. A proxy may have put something before it, or taken something away."""
        word = path.rstrip("/").rpartition("/")[2].encode()
        found = None
        for known, provider in self._providers.items():
            if hmac.compare_digest(known.encode(), word):
                found = provider
        return found

    async def _body(self, request: "web.BaseRequest") -> bytes | None:
        """The whole body, or None when it is too large."""
        if (request.content_length or 0) > self._bounds.body:
            return None
        held = bytearray()
        async for piece in request.content.iter_any():
            held += piece
            if len(held) > self._bounds.body:
                return None
        return bytes(held)


class Bucket:
    """A token bucket: `rate` a second, `most` at once."""

    def __init__(self, rate: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._most = float(most)
        self._clock = clock
        self._held = float(most)
        self._at = clock()

    def take(self) -> bool:
        """Whether one more may pass now."""
        now = self._clock()
        self._held = min(self._most, self._held + (now - self._at) * self._rate)
        self._at = now
        if self._held < 1:
            return False
        self._held -= 1
        return True


def decoded(header: str, raw: bytes) -> Mapping[str, Any] | None:
    """The fields of a notification in JSON, XML or as a form; None for everything else."""
    if content_type(header)[0] == _FORM:
        try:
            return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            return None
    body = decode(200, {"content-type": header}, raw).body
    return body if isinstance(body, Mapping) else None


def listen_address(listen: str) -> tuple[str, int]:
    """HOST and PORT of a text like `127.0.0.1:8080` or `[::1]:8080`; WrongUsage otherwise."""
    try:
        parts = urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.netloc != listen or parts.username is not None:
        raise WrongUsage(f"{listen!r} is no HOST:PORT to listen on", "write it like 127.0.0.1:8080")
    return host, port


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or parts.query or parts.fragment or parts.username is not None:
        raise WrongUsage(
            f"{url!r} is no URL under which webhooks can come",
            "write it like https://hooks.example.com/runner",
        )
    return url.rstrip("/")


def _said(status: int) -> "web.Response":
    """An answer without a body. Only a success keeps the connection: what was not read is not waited for."""
    from aiohttp import web

    answer = web.Response(status=status)
    if status != 200:
        answer.force_close()
    return answer


class _HangUp(asyncio.Protocol):
    """Ends a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
