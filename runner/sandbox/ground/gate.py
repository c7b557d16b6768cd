"""The gate before every operation: counts it, lets the faults have their way, and answers only what is
durable."""

import asyncio
import inspect
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import sha256

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.faults import Deed, Faults
from runner.sandbox.ground.multipart import read_form
from runner.sandbox.ground.protocol import App, Receive, Scope, Send, break_connection
from runner.sandbox.ground.wire import Ask, Emulation, Operation, Received, Refusal, Reply, Unreadable
from runner.sandbox.ground.world import World

Serve = Callable[[Request], Awaitable[Response]]
Broken = Callable[[int], Reply]

_GARBAGE = b'{"id": "\xff\xfe\x00 not what you think'
_HTML = b"<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"
_SLOW_PIECES = 8


@dataclass(frozen=True, slots=True)
class Guarded:
    """An ASGI application behind the gate."""

    gate: "Gate"
    provider: str
    operation: str
    serve: Serve
    broken: Broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.gate.pass_through(self, scope, receive, send)


class Gate:
    """Makes ASGI applications of operations."""

    def __init__(self, world: World, clock: Clock, faults: Faults) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self.requests: Counter[str] = Counter(world.facts.get("requests", {}))

    def emulated(self, emulation: Emulation, operation: Operation) -> App:
        """The application that serves an operation of an emulated API."""

        async def serve(request: Request) -> Response:
            return response(await _reply(emulation, operation, await _ask(request, operation)))

        return self.guarded(emulation.name, operation.id, serve, emulation.broken)

    def guarded(self, provider: str, operation: str, serve: Serve, broken: Broken) -> App:
        """The application that serves whatever `serve` answers; `broken` makes an injected error's answer."""
        return Guarded(self, provider, operation, serve, broken)

    async def pass_through(self, guarded: "Guarded", scope: Scope, receive: Receive, send: Send) -> None:
        """One request, from its first byte to the last of its answer."""
        request = Request(scope, receive)
        self.requests[f"{guarded.provider}.{guarded.operation}"] += 1
        deed = self._faults.decide(guarded.provider, guarded.operation, request.method, request.url.path)
        try:
            if deed is not None:
                await request.body()  # what left the caller was all read, whatever becomes of it
            answer = await self._answer(request, deed, guarded.serve, guarded.broken)
        except ClientDisconnect:
            return
        await self._world.settled()
        await self._send(answer, deed, scope, receive, send)

    async def _answer(
        self, request: Request, deed: Deed | None, serve: Serve, broken: Broken
    ) -> Response | None:
        """What is to be sent; None: nothing, the connection breaks."""
        if deed is None:
            return await serve(request)
        if deed.after:
            answer = await serve(request)
            return await self._instead(deed, broken) or (None if deed.kind == "drop" else answer)
        instead = await self._instead(deed, broken)
        return instead or (None if deed.kind == "drop" else await serve(request))

    async def _instead(self, deed: Deed, broken: Broken) -> Response | None:
        match deed.kind:
            case "status":
                return response(broken(int(deed.value)))
            case "html":
                return Response(_HTML, int(deed.value), media_type="text/html")
            case "garbage":
                return Response(_GARBAGE, 200, media_type="application/json")
            case "retry_after":
                answer = response(broken(429))
                if deed.form != "none":
                    answer.headers["Retry-After"] = self._patience(deed)
                return answer
            case "redirect":
                return Response(b"", 302, {"Location": deed.form})
            case "delay":
                await self._world.settled()
                await asyncio.sleep(deed.value)
        return None

    def _patience(self, deed: Deed) -> str:
        """What `Retry-After` says."""
        if deed.form == "garbage":
            return "soon, perhaps"
        until = formatdate(self._clock.real() + deed.value, usegmt=True)
        return until if deed.form == "date" else str(math.ceil(deed.value))

    async def _send(
        self, answer: Response | None, deed: Deed | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if answer is None:
            await break_connection(scope, receive)
        elif deed is not None and deed.kind == "truncate":
            await _truncated(answer, scope, receive, send)
        elif deed is not None and deed.kind == "slow":
            await _slowly(answer, deed.value, scope, receive, send)
        else:
            await answer(scope, receive, send)


def response(reply: Reply) -> Response:
    """A reply as Starlette sends it."""
    headers = dict(reply.headers)
    if reply.status != 204:
        headers.setdefault("Content-Type", "application/json")
    return Response(reply.content(), reply.status, headers)


def dated(application: App, clock: Clock) -> App:
    """Dates every answer by the same clock that dates what is made."""

    async def with_date(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(clock.real(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", date)]  # type: ignore[misc]
            await send(message)

        await application(scope, receive, send_dated if scope["type"] == "http" else send)  # type: ignore[arg-type]

    return with_date


async def _reply(emulation: Emulation, operation: Operation, ask: Ask) -> Reply:
    if not operation.open and (refused := emulation.refused(ask)) is not None:
        return refused
    try:
        reply = operation.handler(ask)
        return await reply if inspect.isawaitable(reply) else reply
    except Unreadable as reason:
        return emulation.unreadable(str(reason))
    except Refusal as refusal:
        return refusal.reply


async def _ask(request: Request, operation: Operation) -> Ask:
    body, received, form = b"", None, None
    if operation.form:
        form = await read_form(request.headers.get("content-type", ""), request.stream())
    elif operation.streamed:
        size, digest = 0, sha256()
        async for piece in request.stream():
            size += len(piece)
            digest.update(piece)
        received = Received(size, digest.hexdigest())
    else:
        body = await request.body()
    return Ask(
        operation.id,
        f"{request.url.scheme}://{request.url.netloc}",
        request.url.path,
        request.path_params,
        dict(request.query_params),
        {name.lower(): value for name, value in request.headers.items()},
        body,
        received,
        form,
        tuple(request.query_params.multi_items()),
    )


async def _truncated(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the head and half of the first piece of the body, then breaks the connection."""

    class Enough(Exception):
        pass

    async def send_half(message: dict[str, object]) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        await send({**message, "body": body[: len(body) // 2], "more_body": True})
        raise Enough

    try:
        await answer(scope, receive, send_half)  # type: ignore[arg-type]
    except Enough:
        await asyncio.sleep(0.02)  # what was sent shall leave before the socket goes
        await break_connection(scope, receive)


async def _slowly(answer: Response, seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
    """Lets the body drip over so many seconds."""

    async def send_dripping(message: dict[str, object]) -> None:
        body = message.get("body", b"")
        if message["type"] != "http.response.body" or not isinstance(body, bytes) or not body:
            await send(message)
            return
        step = max(1, -(-len(body) // _SLOW_PIECES))
        for start in range(0, len(body), step):
            await asyncio.sleep(seconds / _SLOW_PIECES)
            more = bool(message.get("more_body")) or start + step < len(body)
            await send({**message, "body": body[start : start + step], "more_body": more})

    await answer(scope, receive, send_dripping)  # type: ignore[arg-type]
