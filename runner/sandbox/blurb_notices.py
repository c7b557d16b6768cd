"""The notifications of the emulated Blurb: POSTs to the `webhookUrl` of a batch, on this machine alone.

Each is sent once, in the order of time: whatever answers, or breaks the connection, has had it. Chosen here: while
nobody listens it is tried again for ten real seconds, and what fell due while no sandbox ran is sent when one runs
again. A fault rule that matches operation `webhook` loses (`drop`) or delays it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runner.sandbox.blurb_batch import Batch, Moment, moments, notification
from runner.sandbox.clock import Clock
from runner.sandbox.faults import Faults
from runner.sandbox.revoice_scripts import is_loopback
from runner.sandbox.shape import is_url
from runner.sandbox.world import Table, World

AT_ONCE = 8
"""Notifications under way at the same time."""

_PATIENCE = 10.0
_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Notified:
    """How many of a batch's moments were told (or lost)."""

    count: int


class Notices:
    """Sends them. `urls` gives the films of a batch by render."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        batches: Table[Batch],
        urls: Callable[[Batch, str], Mapping[str, str]],
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._batches = batches
        self._urls = urls
        self._told = world.table("blurb.notified", Notified)
        self._new: asyncio.Queue[Batch] = asyncio.Queue()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._client: Any = None

    def begin(self, batch: Batch) -> None:
        """From now on this batch is told of, if it may be."""
        if (
            batch.webhook_url
            and not batch.dry
            and is_url(batch.webhook_url)
            and is_loopback(batch.webhook_url)
        ):
            self._new.put_nowait(batch)

    async def work(self) -> None:
        """Tells of every batch, those of the last time first; never returns."""
        for batch in self._batches:
            self.begin(batch)
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._tell(await self._new.get()))

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()

    async def _tell(self, batch: Batch) -> None:
        told = self._told.get(batch.id)
        for number, moment in enumerate(moments(batch), 1):
            if told is not None and number <= told.count:
                continue
            await asyncio.sleep(max(0.0, self._clock.real_of(moment.at) - self._clock.real()))
            async with self._slots:
                await self._send(batch, moment)
            self._told.put(batch.id, Notified(number))

    async def _send(self, batch: Batch, moment: Moment) -> None:
        deed = self._faults.decide("blurb", "webhook", "POST", batch.webhook_url)
        if deed is not None and deed.kind == "drop" and not deed.after:
            return
        if deed is not None and deed.kind == "delay":
            await asyncio.sleep(deed.value)
        await self._world.settled()  # nobody hears of what could still be forgotten
        body = notification(batch, moment, self._urls(batch, batch.origin))
        for _ in range(int(_PATIENCE / _PAUSE)):
            if await self._posted(batch.webhook_url, body):
                return
            await asyncio.sleep(_PAUSE)

    async def _posted(self, url: str, body: Mapping[str, Any]) -> bool:
        """Whether somebody was there to hear it."""
        import aiohttp

        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE))
        try:
            async with self._client.post(url, json=body, allow_redirects=False):
                return True
        except aiohttp.ClientConnectorError:
            return False
        except (aiohttp.ClientError, TimeoutError):
            return True
