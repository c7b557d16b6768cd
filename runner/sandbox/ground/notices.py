"""Notifications of an emulated API: a queue of what is to be told of, and POSTs to addresses on this machine alone.

A fault rule that matches operation `webhook` loses (`drop`) or delays one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from runner.sandbox.ground.faults import Faults
from runner.sandbox.ground.world import World

AT_ONCE = 8
"""Notifications under way at the same time."""

Subject = TypeVar("Subject")


class Teller(Generic[Subject]):
    """Tells of subjects side by side: `tell` is called once for each that `put` names, in a task of its own."""

    def __init__(self, tell: Callable[[Subject], Awaitable[None]]) -> None:
        self._tell = tell
        self._new: asyncio.Queue[Subject] = asyncio.Queue()

    def put(self, subject: Subject) -> None:
        """From now on it is told how this one stands."""
        self._new.put_nowait(subject)

    async def work(self) -> None:
        """Never returns."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._told(await self._new.get()))

    async def _told(self, subject: Subject) -> None:
        await self._tell(subject)


class Sender:
    """Sends notifications of one provider, few at a time."""

    def __init__(self, provider: str, world: World, faults: Faults, patience: float) -> None:
        self._provider = provider
        self._world = world
        self._faults = faults
        self._patience = patience
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._client: Any = None

    async def send(self, url: str, body: dict[str, Any], *, tries: int = 1, pause: float = 0.0) -> None:
        """POST to `url` once; while nobody listens there, again up to `tries` times. `body`: `json` or `data`."""
        async with self._slots:
            deed = self._faults.decide(self._provider, "webhook", "POST", url)
            if deed is not None and deed.kind == "drop" and not deed.after:
                return
            if deed is not None and deed.kind == "delay":
                await asyncio.sleep(deed.value)
            await self._world.settled()  # nobody hears of what could still be forgotten
            for _ in range(tries):
                if await self._heard(url, body):
                    return
                await asyncio.sleep(pause)

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()

    async def _heard(self, url: str, body: dict[str, Any]) -> bool:
        """Whether somebody was there to hear it; whatever answers, or breaks the connection, has had it."""
        import aiohttp

        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._patience))
        try:
            async with self._client.post(url, allow_redirects=False, **body):
                return True
        except aiohttp.ClientConnectorError:
            return False
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return True
