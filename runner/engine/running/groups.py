"""Bulk: instances that become ready are gathered into workbooks; a group is closed when it is full or complete.

Rows that differ in what one request shares never stand in one workbook. After a crash groups come from the journal,
never from what happens to be ready.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runner.api.lifecycles.effects import BASELINE_AGE, Collection, Lifecycle, Walked
from runner.api.lifecycles.marks import fold_mark, mark_in, minted_mark, with_mark
from runner.api.messages.encode import encode
from runner.api.messages.judge import judge
from runner.api.messages.sealing import seal, secrets_in, without_secrets
from runner.api.provider import Use
from runner.api.strategies.bulk_baseline import baseline_of
from runner.api.strategies.bulk_order import GroupOrder
from runner.api.strategies.bulk_workbook import submit_group
from runner.compile.planning.workbooks import bulk_workbook
from runner.engine.running.desk import Desk
from runner.engine.running.group_orders import bulk_spec, find_spec, group_order
from runner.engine.running.orders import Wish, estimate_of
from runner.engine.running.publisher import publish
from runner.engine.wire.publish import NotPublished
from runner.model.errors import RunnerError
from runner.model.event import GroupIntended, Member
from runner.model.http import Reply
from runner.model.manifest import BulkSettings
from runner.model.text import plain
from runner.workbook.build import Built, published_name

Out = Callable[[str, str, str, str], None]
"""Told of a row that falls out before it is sent: (address, kind, reason, command)."""


@dataclass(slots=True)
class _Basket:
    """Rows of one job that may share a workbook: inputs of these names (`shared`) are the `same` in all of them."""

    use: Use
    job: str
    shared: tuple[str, ...]
    same: Mapping[str, Any]
    rows: dict[str, Wish] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None


class Groups:
    """Gathers rows. `send` puts a lifecycle under way for a group; `name_taken` takes a row's name, or tells who has
    it; `out` is told of rows that cannot be sent."""

    def __init__(
        self,
        desk: Desk,
        send: Callable[[str, Use, Lifecycle], None],
        name_taken: Callable[[str, Use, Mapping[str, Any]], str],
        out: Out,
        begun: Callable[[Awaitable[None]], None],
    ) -> None:
        self._desk = desk
        self._send = send
        self._name_taken = name_taken
        self._out = out
        self._begun = begun
        self._baskets: dict[str, _Basket] = {}
        self._expected: dict[str, int] = defaultdict(int)
        self._number = 0
        self.rows: dict[str, tuple[str, ...]] = {}

    def expect(self, job: str) -> None:
        """One more row of this job may come."""
        self._expected[job] += 1

    def missing(self, job: str) -> None:
        """A row of this job will not come."""
        self._expected[job] -= 1
        if self._expected[job] <= 0:
            self.close(job)

    def add(self, address: str, wish: Wish) -> None:
        """A row is ready to be sent."""
        desk = self._desk
        job = desk.job(address)
        use = desk.use(job.uses)
        spec = bulk_spec(use)
        settings = job.bulk or BulkSettings()
        shared = settings.shared(spec.same)
        same = {name: wish.inputs[name] for name in shared if name in wish.inputs}
        key = f"{job.name} {json.dumps(plain(same), sort_keys=True)}"
        basket = self._baskets.setdefault(key, _Basket(use, job.name, shared, same))
        basket.rows[address] = wish
        if len(basket.rows) >= (settings.size or spec.size):
            self._close(key)
        else:
            self._set_timer(key, basket, settings.wait / desk.options.speed)
        self.missing(job.name)

    def _set_timer(self, key: str, basket: _Basket, wait: float) -> None:
        if basket.timer is not None:
            basket.timer.cancel()
        basket.timer = asyncio.get_running_loop().call_later(wait, self._close, key)

    def close(self, job: str = "") -> bool:
        """Send what has been gathered of a job, or of all; whether there was anything."""
        keys = [key for key, basket in self._baskets.items() if job in ("", basket.job)]
        for key in keys:
            self._close(key)
        return bool(keys)

    def _close(self, key: str) -> None:
        basket = self._baskets.pop(key, None)
        if basket is None:
            return
        if basket.timer is not None:
            basket.timer.cancel()
        self._begun(self._open_request(basket))

    async def _open_request(self, basket: _Basket) -> None:
        """Guard, build, publish, probe; then the intent and the request."""
        order = await self._order(basket)
        if order is not None:
            self.rows[order.intent.address] = tuple(member.address for member in order.members)
            self._send(order.intent.address, basket.use, submit_group(order, self._desk))

    async def _order(self, basket: _Basket) -> GroupOrder | None:
        desk, use = self._desk, basket.use
        self._mint(basket)
        collection = desk.collection(use, {**basket.same})
        assert collection is not None
        walked = await self._stands_there(collection)
        if not isinstance(walked, Walked):
            reason = judge(walked, use.provider.errors).message or getattr(walked, "unreadable", "")
            self._all_out(basket, f"{use.provider.name} could not be read before sending: {reason}")
            return None
        self._guard(basket, collection, walked)
        if not basket.rows:
            return None
        spec, group = bulk_spec(use), self._name(basket.job)
        try:
            built = await self._build(basket)
        except (NotPublished, RunnerError) as error:  # the latter: there is no room for it
            self._all_out(basket, f"the workbook could not be built: {error}")
            return None
        problems = [problem for problem in built.problems if not problem.warning]
        if problems:
            self._all_out(basket, f"the workbook cannot be built: {problems[0]}")
            return None
        try:
            url = await self._publish(basket, group, built)
        except (NotPublished, OSError) as error:
            self._all_out(basket, f"the workbook could not be published: {error}")
            return None
        inputs = with_mark(basket.same, spec.field, url)
        secrets = secrets_in(inputs)
        members = self._members(basket)
        marks = {fold_mark(member.name) for member in members}
        intent = GroupIntended(
            address=group,
            uses=use.uses,
            operation=spec.operation,
            account=desk.accounts[use.provider.name].key,
            collection=without_secrets(collection.key, secrets),
            call=seal(encode(use.provider.operation(spec.operation), inputs), secrets),
            members=members,
            workbook=built.sha256,
            baseline=baseline_of(walked, marks),
            baseline_count=walked.count,
            baseline_date="" if walked.date is None else str(int(walked.date)),
        )
        order = group_order(desk, use, intent, members, inputs, secrets)
        return replace(order, walked=walked.began, consent=desk.options.wishes.new_state)

    async def _stands_there(self, collection: Collection) -> Walked | Reply:
        """What the rows' names may meet; an API that is down is waited for."""
        desk, account = self._desk, self._desk.accounts[collection.provider]
        began = desk.monotonic()
        while True:
            walked = await desk.walks.walk_whole(collection, desk.monotonic() - BASELINE_AGE)
            pause = account.down(desk.monotonic() - began)
            if isinstance(walked, Walked) or desk.options.no_wait or account.stopped or not pause:
                return walked
            await asyncio.sleep(pause)

    def _mint(self, basket: _Basket) -> None:
        """Rows without a name, and those that ask for it, get a mark of their own."""
        find = find_spec(basket.use)
        for address, wish in list(basket.rows.items()):
            given = mark_in(wish.inputs, find.field)
            if given and not self._desk.job(address).mark_append:
                continue
            mark = minted_mark(address, self._desk.mint(), find.limit, given)
            basket.rows[address] = replace(wish, inputs=with_mark(wish.inputs, find.field, mark))

    def _guard(self, basket: _Basket, collection: Collection, walked: Walked) -> None:
        """Rows whose name is taken, there or here, fall out."""
        desk, find = self._desk, find_spec(basket.use)
        names: dict[str, str] = {
            fold_mark(member.name): member.address
            for group in desk.journal.groups.values()
            if not group.closed
            for member in group.intent.members
        }
        account = desk.accounts[basket.use.provider.name].key
        for address, wish in list(basket.rows.items()):
            name = fold_mark(mark_in(wish.inputs, find.field))
            strangers = [
                remote.id
                for remote in walked.by_mark.get(name, ())
                if not desk.owner(account, remote.id, basket.use, collection)
            ]
            if name in names and names[name] != address:
                reason = f"its name is that of {names[name]}: names must differ"
                self._drop(basket, address, "failed", reason, "")
            elif strangers and not desk.options.wishes.new_state:
                there = f"{basket.use.provider.name} already holds {len(strangers)} of this name"
                reason = f"{there}, unknown to this state"
                self._drop(basket, address, "blocked", reason, f"runner import --match '{address}'")
            elif other := self._name_taken(address, basket.use, wish.inputs):
                reason = f"a call under its name is under way for {other}: names must differ"
                self._drop(basket, address, "blocked", reason, "")
            names[name] = address

    def _drop(self, basket: _Basket, address: str, kind: str, reason: str, command: str) -> None:
        del basket.rows[address]
        self._out(address, kind, reason, command)

    def _all_out(self, basket: _Basket, reason: str) -> None:
        for address in list(basket.rows):
            self._drop(basket, address, "failed", reason, "")

    def _name(self, job: str) -> str:
        while True:
            self._number += 1
            name = f"{job}@{self._number}"
            if name not in self._desk.journal.groups and not self._desk.journal.group_known(name):
                return name

    async def _build(self, basket: _Basket) -> Built:
        members = [(address, wish.inputs) for address, wish in basket.rows.items()]
        if (links := self._desk.accounts.links) is not None:
            members = [(address, await links.signed_inputs(inputs)) for address, inputs in members]
        folder = self._desk.work.manifest.folder
        return await asyncio.to_thread(bulk_workbook, bulk_spec(basket.use), folder, members, basket.shared)

    async def _publish(self, basket: _Basket, group: str, built: Built) -> str:
        desk = self._desk
        name = published_name(f"{desk.work.manifest.name}-{group.replace('@', '-')}", built.sha256)
        desk.tell(group, "building", f"{len(basket.rows)} rows in {name}")
        url = await publish(desk, name, built.content)
        desk.tell(group, "published", url)
        return url

    def _members(self, basket: _Basket) -> tuple[Member, ...]:
        find = find_spec(basket.use)
        return tuple(
            Member(
                address=address,
                generation=self._desk.change(address).generation,
                name=mark_in(wish.inputs, find.field),
                row=row,
                digest=wish.digest,
                inputs=wish.canonical,
                estimate=estimate,
                unit=unit,
            )
            for row, (address, wish) in enumerate(basket.rows.items(), 1)
            for estimate, unit in (estimate_of(self._desk, address, basket.use),)
        )
