"""Connections that are kept alive, and are taken again only while their server has said nothing.

What comes on an idle connection belongs to no request: a second copy of the last answer, a proxy's `408` before it
closes. aiohttp keeps it, and gives it to the next call as its answer, so that from then on each call gets that of the
one before. A connection on which anything waits, its end among it, is therefore never taken.
"""

import select
from typing import Any
from weakref import WeakSet

import aiohttp
from aiohttp.connector import Connection


class Connector(aiohttp.TCPConnector):
    """A pool whose idle connections are looked at before they are used again."""

    def __init__(self, **wishes: Any) -> None:
        super().__init__(**wishes)
        self._used: WeakSet[Any] = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 — named so by aiohttp
    ) -> Connection:
        """A connection, new or kept alive, that holds nothing of an earlier exchange."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if protocol not in self._used:
                self._used.add(protocol)
                return connection
            if protocol is not None and not protocol.should_close and not _readable(connection.transport):
                return connection
            connection.close()


def _readable(transport: Any) -> bool:
    """Whether something has come that nobody has read: bytes, or the end."""
    socket = transport.get_extra_info("socket") if transport is not None else None
    if socket is None or socket.fileno() < 0:
        return True
    waiting = select.poll()  # unlike select(), it takes any number of a file
    waiting.register(socket.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
