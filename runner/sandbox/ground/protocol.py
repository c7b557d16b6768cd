"""uvicorn's HTTP/1.1, with a way for an application to break the connection."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ABORT = "runner.abort"


class BreakableProtocol(H11Protocol):
    """Puts a function that breaks the connection into the scope of each request."""

    def connection_made(self, transport: Any) -> None:
        """Called by the event loop with the new connection."""
        super().connection_made(transport)
        application = cast(App, self.app)

        async def with_abort(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_ABORT] = transport.abort
            await application(scope, receive, send)

        self.app = with_abort


async def break_connection(scope: Scope, receive: Receive) -> None:
    """Closes the socket without another byte, and returns once that is done. The body was read before."""
    scope["extensions"][_ABORT]()
    while (await receive())["type"] != "http.disconnect":
        continue
