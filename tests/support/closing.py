"""Transports that are closed to the last of their sockets before their event loop is."""

import asyncio

from runner.engine.wire.transport import Transport


async def closed(transport: Transport) -> None:
    """Close a transport, and wait until nothing of it is left, as TLS connections first say goodbye."""
    await transport.close()
    watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
    async with asyncio.timeout(5):
        while len(watched) > 1:  # noqa: ASYNC110 — nobody tells; the one that stays is the loop's own
            await asyncio.sleep(0.005)
