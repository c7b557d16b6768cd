"""Hearing: notifications end waits at once and tell of lost calls; what they say is then asked of the API itself."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

from runner.api.lifecycles.effects import Hear
from runner.api.lifecycles.marks import fold_mark
from runner.engine.running.desk import Desk
from runner.engine.running.poller import Poller
from runner.engine.wire.webhooks import Receiver, notice_of
from runner.model.errors import RunnerError, WrongUsage

MOST_REMEMBERED = 10_000
"""Notifications of marks that nobody asked for yet; more than these are forgotten, and polling finds out."""


class Hearing:
    """Listens while a run lasts, where the manifest or the command line says where."""

    def __init__(self, desk: Desk, poller: Poller) -> None:
        self._desk = desk
        self._poller = poller
        self._waiting: dict[tuple[str, str], list[asyncio.Future[str]]] = {}
        self._heard: dict[tuple[str, str], str] = {}
        self._receiver: Receiver | None = None

    async def start(self) -> None:
        """Begin to listen, when somebody said where. Raises WrongUsage or RunnerError when that cannot be."""
        desk = self._desk
        given = desk.work.manifest.webhooks or {}
        listen = desk.options.listen or str(given.get("listen") or "")
        public = desk.options.public_url or str(given.get("public_url") or "")
        if desk.options.loopback_only and listen:
            listen, public = f"127.0.0.1:{listen.rpartition(':')[2]}", ""
        if not listen:
            return
        if not public and not desk.options.loopback_only and not listen.startswith(("127.", "localhost")):
            raise WrongUsage(
                "webhooks need a public_url", "say how the APIs reach this machine: --public-url URL"
            )
        token = hashlib.sha256(f"webhooks {desk.journal.lineage}".encode()).hexdigest()
        self._receiver = Receiver(token, self._noticed)
        try:
            await self._receiver.start(listen, public)
        except RunnerError:
            if not desk.options.loopback_only:
                raise
            await self._receiver.start(
                "127.0.0.1:0"
            )  # in the sandbox any port will do when that one is taken
        self._receiver.expect(tuple({job.uses.partition(".")[0] for job in desk.work.manifest.jobs.values()}))
        desk.receiver = self._receiver

    async def close(self) -> None:
        """Stop listening."""
        if self._receiver is not None:
            await self._receiver.close()

    async def hear(self, wish: Hear) -> str:
        """The id that a notification names for a mark; empty when none came in time."""
        key = (wish.provider, fold_mark(wish.mark))
        if key in self._heard:
            return self._heard[key]
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        self._waiting.setdefault(key, []).append(future)
        try:
            async with asyncio.timeout_at(wish.until):
                return await future
        except TimeoutError:
            return ""

    def _noticed(self, provider: str, body: Mapping[str, Any]) -> None:
        for uses in {job.uses for job in self._desk.work.manifest.jobs.values()}:
            if uses.partition(".")[0] != provider:
                continue
            use = self._desk.work.catalogue.use(uses)
            notice = notice_of(use, body) if use is not None else None
            if notice is None or not notice.id:
                continue
            self._poller.poke(provider, notice.id)
            if notice.mark:
                self._remember((provider, fold_mark(notice.mark)), notice.id)

    def _remember(self, key: tuple[str, str], id: str) -> None:
        if len(self._heard) < MOST_REMEMBERED:
            self._heard.setdefault(key, id)
        for future in self._waiting.pop(key, ()):
            if not future.done():
                future.set_result(id)
