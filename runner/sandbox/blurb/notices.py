"""The notifications of the emulated Blurb: POSTs to the `webhookUrl` of a batch.

Each is sent once, in the order of time. Chosen here: while nobody listens it is tried again for ten real seconds, and
what fell due while no sandbox ran is sent when one runs again.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runner.sandbox.blurb.batch import Batch, moments, notification
from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.faults import Faults
from runner.sandbox.ground.loopback import is_loopback
from runner.sandbox.ground.notices import Sender, Teller
from runner.sandbox.ground.shape import is_url
from runner.sandbox.ground.world import Table, World

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
        self._clock = clock
        self._batches = batches
        self._urls = urls
        self._told = world.table("blurb.notified", Notified)
        self._teller = Teller(self._tell)
        self._sender = Sender("blurb", world, faults, _PATIENCE)

    def begin(self, batch: Batch) -> None:
        """From now on this batch is told of, if it may be."""
        url = batch.webhook_url
        if url and not batch.dry and is_url(url) and is_loopback(url):
            self._teller.put(batch)

    async def work(self) -> None:
        """Tells of every batch, those of the last time first; never returns."""
        for batch in self._batches:
            self.begin(batch)
        await self._teller.work()

    async def close(self) -> None:
        """Closes the connections."""
        await self._sender.close()

    async def _tell(self, batch: Batch) -> None:
        told = self._told.get(batch.id)
        for number, moment in enumerate(moments(batch), 1):
            if told is not None and number <= told.count:
                continue
            await asyncio.sleep(max(0.0, self._clock.real_of(moment.at) - self._clock.real()))
            body = notification(batch, moment, self._urls(batch, batch.origin))
            tries = int(_PATIENCE / _PAUSE)
            await self._sender.send(batch.webhook_url, {"json": body}, tries=tries, pause=_PAUSE)
            self._told.put(batch.id, Notified(number))
