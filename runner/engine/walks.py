"""Lists, read to their end; one walk serves all who ask for the same list at the same time."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from runner.api.effects import Collection, Walked
from runner.api.encode import encode
from runner.api.lifedata import ListSpec
from runner.api.locate import MISSING, Scope, find_all, locate
from runner.api.marks import fold_mark
from runner.api.paging import MOST_PAGES, holds_list, next_cursor, page_inputs
from runner.api.provider import Provider
from runner.api.reading import id_text
from runner.engine.accounts import Account
from runner.model.http import Answer, NoAnswer, Reply
from runner.model.observation import Remote


def collection_of(
    provider: Provider, account: str, name: str, inputs: Mapping[str, Any], mark: str = ""
) -> Collection:
    """The list `name` as it is asked for on behalf of these inputs."""
    spec = provider.lists[name]
    sent: dict[str, Any] = {}
    for parameter, source in spec.send.items():
        value = source[0] if isinstance(source, list) else locate(source, Scope(request=inputs))
        if value is not MISSING and value is not None:
            sent[parameter] = value
    words = " ".join(f"{key}={value}" for key, value in sorted(sent.items()))
    return Collection(
        provider.name, name, tuple(sorted(sent.items())), f"{account} {name} {words}".rstrip(), mark
    )


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


class _Held:
    """A list as it was read, and what it looks like to those who know different marks in its items."""

    def __init__(self, spec: ListSpec, began: float) -> None:
        self.began = began
        self.date: float | None = None
        self.items: dict[str, Any] = {}
        self._spec = spec
        self._views: dict[str, Walked] = {}

    def add(self, items: list[Any]) -> None:
        """Items of one page; what an earlier page showed already counts once."""
        for item in items:
            id = id_text(locate(self._spec.id, Scope(item=item)))
            self.items[id or f"\0{len(self.items)}"] = item  # without a readable id it counts all the same

    def seen_with(self, mark_ref: str) -> Walked:
        """The list with the items' marks read at `mark_ref`."""
        if mark_ref not in self._views:
            remotes = {key: _remote(key, mark_ref, item) for key, item in self.items.items()}
            self._views[mark_ref] = Walked(remotes, _by_mark(remotes), self.began, self.date)
        return self._views[mark_ref]


class Walks:
    """Shares walks: whoever asks while one is under way that began late enough gets that one, and so its failure."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts
        self._done: dict[str, _Held] = {}
        self._failed: dict[str, tuple[float, Reply]] = {}
        self._under_way: dict[str, tuple[float, asyncio.Task[_Held | Reply]]] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.began = asyncio.get_running_loop().time()
        self.count = 0

    async def walk(self, collection: Collection, since: float) -> Walked | Reply:
        """A walk that began at or after `since` (monotonic): a held one, one under way, or a new one.

        Returns the reply that ended it when a page could not be read. Who asks may know a mark in the items that
        whoever began the walk did not know: each is told of the list with the marks at its own place.
        """
        read = await self._walk(collection, since)
        return read.seen_with(collection.mark) if isinstance(read, _Held) else read

    async def _walk(self, collection: Collection, since: float) -> _Held | Reply:
        key = collection.key
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
            return await self._begin(collection)

    async def _begin(self, collection: Collection) -> _Held | Reply:
        key, began = collection.key, asyncio.get_running_loop().time()
        task = asyncio.ensure_future(self._read(collection, began))
        self._under_way[key] = (began, task)

        def ended(_: asyncio.Task[_Held | Reply]) -> None:
            if self._under_way.get(key) == (began, task):
                del self._under_way[key]
            if not task.cancelled():
                task.exception()  # told to whoever still waits; when nobody does, nobody is troubled

        task.add_done_callback(ended)
        read = await asyncio.shield(task)
        if isinstance(read, _Held):
            self._done[key] = read
        else:
            self._failed[key] = (began, read)
        return read

    async def _read(self, collection: Collection, began: float) -> _Held | Reply:
        account = self._accounts[collection.provider]
        spec = account.provider.lists[collection.list]
        held = _Held(spec, began)
        cursor: Any = spec.page.first
        self.count += 1
        stale = 0
        for number in range(MOST_PAGES):
            call = encode(
                account.provider.operation(spec.operation), page_inputs(spec, dict(collection.inputs), cursor)
            )
            reply = await account.ask(call)
            if isinstance(reply, NoAnswer) or not reply.ok or reply.unreadable:
                return reply
            if not holds_list(spec, reply.body):
                return replace(reply, unreadable="the answer holds no list where one is documented")
            if number == 0:
                held.date = server_date(reply)
            found, before = find_all(spec.items, reply.body), len(held.items)
            held.add(found)
            cursor = next_cursor(spec, reply, cursor, len(found), len(held.items))
            if cursor is None:
                return held
            stale = stale + 1 if len(held.items) == before else 0
            if stale >= MOST_STALE:
                return replace(
                    reply, unreadable="its pages repeat themselves, so it cannot be read to its end"
                )
        return NoAnswer(True, f"the list has more than {MOST_PAGES} pages")


def _remote(key: str, mark_ref: str, item: Any) -> Remote:
    mark = locate(mark_ref, Scope(item=item)) if mark_ref else MISSING
    said = "" if mark is MISSING or mark is None else str(mark)
    return Remote("" if key.startswith("\0") else key, said, item)


def _by_mark(items: Mapping[str, Remote]) -> dict[str, tuple[Remote, ...]]:
    found: dict[str, list[Remote]] = defaultdict(list)
    for remote in items.values():
        if remote.mark:
            found[fold_mark(remote.mark)].append(remote)
    return {mark: tuple(remotes) for mark, remotes in found.items()}
