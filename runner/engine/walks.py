"""Lists, read to their end; one walk serves all who ask for the same list at the same time."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from runner.api.effects import Collection, Walked
from runner.api.encode import encode
from runner.api.lifedata import ListSpec
from runner.api.locate import MISSING, Scope, find_all, locate
from runner.api.marks import fold_mark
from runner.api.paging import MOST_PAGES, next_cursor, page_inputs
from runner.api.provider import Provider
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
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None


class Walks:
    """Shares walks: whoever asks while one is under way that began late enough gets that one."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts
        self._done: dict[str, Walked] = {}
        self._under_way: dict[str, tuple[float, asyncio.Task[Walked | Reply]]] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.began = asyncio.get_running_loop().time()
        self.count = 0

    async def walk(self, collection: Collection, since: float) -> Walked | Reply:
        """A walk that began at or after `since` (monotonic): a held one, one under way, or a new one.

        Returns the reply that ended it when a page could not be read.
        """
        held = self._done.get(collection.key)
        if held is not None and held.began >= since:
            return held
        running = self._under_way.get(collection.key)
        if running is not None and running[0] >= since:
            return await asyncio.shield(running[1])
        async with self._turns[collection.key]:
            held = self._done.get(collection.key)
            if held is not None and held.began >= since:
                return held
            began = asyncio.get_running_loop().time()
            task = asyncio.ensure_future(self._read(collection, began))
            self._under_way[collection.key] = (began, task)
            try:
                walked = await asyncio.shield(task)
            finally:
                self._under_way.pop(collection.key, None)
            if isinstance(walked, Walked):
                self._done[collection.key] = walked
            return walked

    async def _read(self, collection: Collection, began: float) -> Walked | Reply:
        account = self._accounts[collection.provider]
        spec = account.provider.lists[collection.list]
        items: dict[str, Remote] = {}
        date: float | None = None
        cursor: Any = spec.page.first
        self.count += 1
        for number in range(MOST_PAGES):
            call = encode(
                account.provider.operation(spec.operation), page_inputs(spec, dict(collection.inputs), cursor)
            )
            reply = await account.ask(call)
            if isinstance(reply, NoAnswer) or not reply.ok or reply.unreadable:
                return reply
            if number == 0:
                date = server_date(reply)
            found = find_all(spec.items, reply.body)
            for item in found:
                remote = _remote(spec, collection.mark, item)
                items[remote.id] = remote
            cursor = next_cursor(spec, reply, cursor, len(found), len(items))
            if cursor is None:
                break
        return Walked(items, _by_mark(items), began, date)


def _remote(spec: ListSpec, mark_ref: str, item: Any) -> Remote:
    scope = Scope(item=item)
    id = locate(spec.id, scope)
    mark = locate(mark_ref, scope) if mark_ref else MISSING
    return Remote(
        "" if id is MISSING else str(id), "" if mark is MISSING or mark is None else str(mark), item
    )


def _by_mark(items: Mapping[str, Remote]) -> dict[str, tuple[Remote, ...]]:
    found: dict[str, list[Remote]] = defaultdict(list)
    for remote in items.values():
        if remote.mark:
            found[fold_mark(remote.mark)].append(remote)
    return {mark: tuple(remotes) for mark, remotes in found.items()}
