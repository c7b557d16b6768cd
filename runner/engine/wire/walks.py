"""Lists, read to their end; one walk serves all who ask for the same list at the same time."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from runner.api.lifecycles.effects import BASELINE_AGE, Collection, Walked
from runner.api.lifecycles.listed import Listed
from runner.api.lifecycles.search import MOST_SHORT
from runner.api.messages.encode import encode
from runner.api.messages.fresh import NOW, age_of
from runner.api.messages.paging import (
    MOST_PAGES,
    holds_list,
    names_next,
    next_cursor,
    page_inputs,
    told_total,
)
from runner.api.vocabulary.locate import find_all
from runner.engine.machine import clock
from runner.engine.wire.accounts import Account
from runner.model.http import Answer, NoAnswer, Reply


def server_date(answer: Answer) -> float | None:
    """The server's own `Date`, in seconds since 1970."""
    text = answer.headers.get("date", "")
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone is GMT (RFC 9110); this machine's own zone must not come into it.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


MOST_STALE = 3
"""So many pages in a row without anything new, and the list is taken to repeat itself."""


NAP = 1.0
"""Seconds of sleep that make no difference."""


class Walks:
    """Shares walks: whoever asks while one is under way that began late enough gets that one, and so its failure.

    `slept`: for how many seconds the machine has slept so far. The loop's clock stands still meanwhile, and what was
    read before is older than it says: it serves nobody any more.
    """

    def __init__(self, accounts: Mapping[str, Account], slept: Callable[[], float] = clock.slept) -> None:
        self._accounts = accounts
        self._slept = slept
        self._slept_before = slept()
        self._woke = 0.0
        self._done: dict[str, Listed] = {}
        self._failed: dict[str, tuple[float, Reply]] = {}
        self._under_way: dict[str, tuple[float, asyncio.Task[Listed | Reply]]] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.began = asyncio.get_running_loop().time()
        self.count = 0

    def outdated(self, began: float) -> bool:
        """Whether a walk that began then is too old to send anything because of it."""
        self._forget_before_sleep()
        return began <= self._woke or asyncio.get_running_loop().time() - began > BASELINE_AGE

    async def walk(self, collection: Collection, since: float, first: bool = False) -> Walked | Reply:
        """A walk that began at or after `since` (monotonic): a held one, one under way, or a new one.

        Returns the reply that ended it when a page could not be read. Who asks may know a mark in the items that
        whoever began the walk did not know: each is told of the list with the marks at its own place. `first`: a new
        walk goes before others who wait for a slot.
        """
        read = await self._walk(collection, since, first)
        return read.seen_with(collection.mark) if isinstance(read, Listed) else read

    async def walk_whole(self, collection: Collection, since: float, first: bool = False) -> Walked | Reply:
        """The same for whoever must know what is there: a list that shows fewer items than it tells of is walked again,
        until it shows all, or the very same twice (then it counts what it never shows)."""
        walked = await self.walk(collection, since, first)
        for _ in range(MOST_SHORT):
            if not isinstance(walked, Walked) or not walked.lossy:
                return walked
            again = await self.walk(collection, asyncio.get_running_loop().time(), first)
            if isinstance(again, Walked) and again.items.keys() == walked.items.keys():
                return again
            walked = again
        if isinstance(walked, Walked) and walked.lossy:
            return NoAnswer(True, f"{walked.shortfall}, each time others")
        return walked

    async def _walk(self, collection: Collection, since: float, first: bool) -> Listed | Reply:
        key = collection.key
        self._forget_before_sleep()
        held = self._done.get(key)
        if held is not None and held.began >= since:
            return held
        running = self._under_way.get(key)
        if running is not None and running[0] >= since:
            return await asyncio.shield(running[1])
        asked = asyncio.get_running_loop().time()
        async with self._turns[key]:
            held = self._done.get(key)
            if held is not None and held.began >= since:
                return held
            failed = self._failed.get(key)
            if failed is not None and failed[0] >= max(since, asked):
                return failed[1]  # it failed while this one waited for its turn
            return await self._begin(collection, first)

    def _forget_before_sleep(self) -> None:
        slept = self._slept()
        if slept > self._slept_before + NAP:
            self._slept_before = slept
            self._woke = asyncio.get_running_loop().time()
            self._done.clear()
            self._under_way.clear()

    async def _begin(self, collection: Collection, first: bool) -> Listed | Reply:
        key, began = collection.key, asyncio.get_running_loop().time()
        slept = self._slept()
        task = asyncio.ensure_future(self._read(collection, began, first))
        self._under_way[key] = (began, task)

        def ended(_: asyncio.Task[Listed | Reply]) -> None:
            if self._under_way.get(key) == (began, task):
                del self._under_way[key]
            if not task.cancelled():
                task.exception()  # told to whoever still waits; when nobody does, nobody is troubled

        task.add_done_callback(ended)
        read = await asyncio.shield(task)
        if self._slept() > slept + NAP:
            return await self._begin(collection, first)  # its first pages are of the time before
        if isinstance(read, Listed):
            self._done[key] = read
        else:
            self._failed[key] = (began, read)
        return read

    async def _read(self, collection: Collection, began: float, first: bool) -> Listed | Reply:
        account = self._accounts[collection.provider]
        spec = account.provider.lists[collection.list]
        held = Listed(spec, began)

        def leaving() -> None:
            held.began = (
                asyncio.get_running_loop().time()
            )  # it shows what was there then, however long it waited

        cursor: Any = spec.page.first
        self.count += 1
        stale = 0
        for number in range(MOST_PAGES):
            call = encode(
                account.provider.operation(spec.operation),
                page_inputs(spec, dict(collection.inputs), cursor),
                headers=NOW,
            )
            # What somebody sees who shows no credentials is not this account's list, and proves nothing.
            reply = await account.ask(call, first=first, home=True, leaving=None if number else leaving)
            if isinstance(reply, NoAnswer) or not reply.ok or reply.unreadable:
                return reply
            if not holds_list(spec, reply.body):
                return replace(reply, unreadable="the answer holds no list where one is documented")
            if number == 0:
                held.date, held.told = server_date(reply), told_total(spec, reply)
            held.age = max(held.age, age_of(reply))
            found, before = find_all(spec.items, reply.body), len(held.items)
            held.add(found)
            cursor = next_cursor(spec, reply, cursor, len(found), len(held.items))
            if cursor is None:
                held.cut = spec.page.kind == "none" and names_next(reply)
                return held
            stale = stale + 1 if len(held.items) == before else 0
            if stale >= MOST_STALE:
                return replace(
                    reply, unreadable="its pages repeat themselves, so it cannot be read to its end"
                )
        return NoAnswer(True, f"the list has more than {MOST_PAGES} pages")
