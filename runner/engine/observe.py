"""Observing before paying: lookups, lists that guard against a second bill, balances, validate calls.

Everything here only reads. What it finds is a value for the plan, which is then made with it.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.effects import Collection, Walked
from runner.api.lifecycles.marks import fold_mark, mark_in
from runner.api.lifecycles.preparing import message_of, validating_call
from runner.api.messages.encode import call_of
from runner.api.messages.judge import judge
from runner.api.messages.reading import number
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Lookup, Resource
from runner.api.vocabulary.locate import MISSING, Scope, holds, locate
from runner.compile.checks.work import Work
from runner.compile.planning.plan import plan
from runner.engine.download.files_there import FilesThere
from runner.engine.running.desk import Accounts, RunOptions, out_folder
from runner.engine.state.owners import Owners
from runner.engine.wire.accounts import Account
from runner.engine.wire.addresses import joined
from runner.engine.wire.lookups import ask_lookup
from runner.engine.wire.media import MediaCheck, media_fields, media_of
from runner.engine.wire.transport import Transport
from runner.engine.wire.walks import Walks
from runner.model.charge import Charge
from runner.model.errors import InvalidInput
from runner.model.http import Answer, NoAnswer, Reply
from runner.model.observation import Block, Observations, Remote
from runner.model.plan import Cost, Plan, Verb
from runner.model.problem import Place, Problem
from runner.model.state import FileState, Phase, State
from runner.model.unknown import contains_unknown

ENDED = (Phase.READY, Phase.FAILED, Phase.STALLED)


def stands(work: Work) -> Callable[[FileState], bool]:
    """Whether a recorded file is still there, for the plan."""
    return FilesThere(out_folder(work))


def known_outputs(
    state: State, lookups: Mapping[str, Mapping[str, Any]]
) -> Callable[[str], Mapping[str, Any] | None]:
    """The outputs that are known before a run: of what has ended, and of lookups that were read just now."""

    def seen(address: str) -> Mapping[str, Any] | None:
        if address in lookups:
            return lookups[address]
        held = state.instances.get(address)
        return held.outputs if held is not None and held.phase in ENDED else None

    return seen


async def observe_and_plan(
    work: Work, state: State, options: RunOptions, paid: Sequence[Charge] = ()
) -> tuple[Plan, Observations]:
    """Ask the APIs what the plan depends on, and make the plan with it, and with what was `paid` so far."""
    transport = Transport()
    observer = _Observer(work, state, options, transport, paid)
    try:
        return await observer.run()
    finally:
        await transport.close()


class _Observer:
    def __init__(
        self, work: Work, state: State, options: RunOptions, transport: Transport, paid: Sequence[Charge]
    ) -> None:
        self._work = work
        self._paid = paid
        self._state = state
        self._options = options
        self._transport = transport
        self._accounts = Accounts(work, transport)
        self._walks = Walks(self._accounts)
        self._owned = Owners(state.instances.values())
        self._warnings: list[Problem] = []
        self._blocks: dict[str, Block] = {}

    async def run(self) -> tuple[Plan, Observations]:
        first = self._plan(Observations())
        lookups = await self._lookups(first)
        second = self._plan(Observations(lookups=lookups)) if lookups else first
        sending = [
            change.address
            for change in second
            if change.verb in (Verb.CREATE, Verb.REPLACE, Verb.CALL)
            or (change.verb is Verb.UPDATE and change.paid)
        ]
        if not sending and not lookups and not self._blocks:
            return first, Observations()
        remotes, balances, _, _ = await asyncio.gather(
            self._remotes(second, lookups),
            self._balances(second),
            self._validate(second, lookups),
            self._media(second, lookups),
        )
        observed = Observations(
            lookups=lookups,
            remotes=remotes,
            balances=balances,
            blocks=self._blocks,
            warnings=tuple(self._warnings),
        )
        return self._plan(observed), observed

    def _plan(self, observed: Observations) -> Plan:
        wishes = self._options.wishes
        return plan(self._work, self._state, observed, wishes, stands(self._work), self._paid)

    def _inputs(self, address: str, lookups: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        instance = self._work.graph.instances[address]
        try:
            inputs: Mapping[str, Any] = self._work.evaluator.inputs(
                instance, known_outputs(self._state, lookups)
            )
        except InvalidInput as error:
            self._blocks[address] = Block(error.problems[0].told)
            return {}
        return inputs

    async def _lookups(self, first: Plan) -> dict[str, Mapping[str, Any]]:
        wanted = []
        for change in first:
            if change.verb is not Verb.READ:
                continue
            use = self._work.catalogue.use(change.uses)
            inputs = self._inputs(change.address, {})
            if use is not None and isinstance(use.kind, Lookup) and not contains_unknown(inputs):
                wanted.append((change.address, use, inputs))
        found = await asyncio.gather(*(self._ask(use, inputs) for _, use, inputs in wanted))
        held: dict[str, Mapping[str, Any]] = {}
        for (address, _, _), outputs in zip(wanted, found, strict=True):
            if isinstance(outputs, str):
                self._blocks[address] = Block(outputs)
            else:
                held[address] = outputs
        return held

    async def _ask(self, use: Use, inputs: Mapping[str, Any]) -> Mapping[str, Any] | str:
        account = self._accounts[use.provider.name]
        return await ask_lookup(account, self._walks, use, inputs, self._walks.began)

    async def _remotes(
        self, made: Plan, lookups: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, tuple[Remote, ...]]:
        """What stands there already under the names of planned creates, and belongs to nobody here."""
        by_list: dict[str, tuple[Collection, Account, list[tuple[str, str, Use]]]] = {}
        for address, use, mark, inputs in self._marked(made, lookups):
            account = self._accounts[use.provider.name]
            find = use.kind.delivery.find if isinstance(use.kind, Resource) else None
            assert find is not None
            collection = collection_of(use.provider, account.key, find.list, inputs, find.mark)
            by_list.setdefault(collection.key, (collection, account, []))[2].append((address, mark, use))
        found: dict[str, tuple[Remote, ...]] = {}
        walks = await asyncio.gather(
            *(self._walks.walk_whole(entry[0], self._walks.began) for entry in by_list.values())
        )
        for (collection, account, wanted), walked in zip(by_list.values(), walks, strict=True):
            if not isinstance(walked, Walked):
                self._unread(collection, wanted, account, walked)
                continue
            for address, mark, use in wanted:
                there = walked.by_mark.get(fold_mark(mark), ())
                known, owned = self._state.instances, self._owned
                strangers = tuple(
                    one
                    for one in there
                    if not owned.owner(self._work, known, (account.key, one.id), use, collection)
                )
                if strangers:
                    found[address] = strangers
        return found

    def _marked(
        self, made: Plan, lookups: Mapping[str, Mapping[str, Any]]
    ) -> Iterable[tuple[str, Use, str, Mapping[str, Any]]]:
        for change in made:
            if change.verb is not Verb.CREATE or change.generation != 1:
                continue
            use = self._work.catalogue.use(change.uses)
            if use is None or not isinstance(use.kind, Resource) or use.kind.delivery.find is None:
                continue
            if self._work.manifest.jobs[change.job].mark_append:
                continue
            inputs = self._inputs(change.address, lookups)
            if contains_unknown({name: inputs.get(name) for name in _list_inputs(use)}):
                continue
            mark = mark_in(inputs, use.kind.delivery.find.field) if not _unknown_mark(use, inputs) else ""
            if mark:
                yield change.address, use, mark, inputs

    def _unread(
        self, collection: Collection, wanted: list[tuple[str, str, Use]], account: Account, why: Reply
    ) -> None:
        reason = (
            account.stopped
            or account.patience()
            or f"{collection.provider}.{collection.list} could not be read before paying{_said(why)}"
        )
        for address, _, _ in wanted:
            self._blocks[address] = Block(reason)

    async def _balances(self, made: Plan) -> dict[str, Cost]:
        wanted: dict[str, Any] = {}
        for change in made:
            use = self._work.catalogue.use(change.uses) if change.paid else None
            if use is not None and isinstance(use.kind, Resource) and use.kind.cost and use.kind.cost.balance:
                wanted.setdefault(use.provider.name, (use.provider, use.kind.cost))
        found: dict[str, Cost] = {}
        for name, (provider, cost) in wanted.items():
            reply = await self._accounts[name].ask(call_of(provider, cost.balance, Scope()))
            if isinstance(reply, Answer) and reply.ok:
                value = locate(cost.balance.at, Scope(answer=reply))
                amount = number(value) if value is not MISSING else None
                if amount is not None:
                    found[name] = Cost(amount, cost.unit, estimate=False)
        return found

    async def _media(self, made: Plan, lookups: Mapping[str, Mapping[str, Any]]) -> None:
        named: dict[str, dict[str, str]] = {}
        fields: dict[str, tuple[str, ...]] = {}
        for change in made:
            if not change.paid or change.verb not in (Verb.CREATE, Verb.REPLACE):
                continue
            if change.uses not in fields:
                use = self._work.catalogue.use(change.uses)
                fields[change.uses] = media_fields(use) if use is not None else ()
            named[change.address] = media_of(fields[change.uses], self._inputs(change.address, lookups))
        reach = joined(self._accounts[uses.partition(".")[0]].reach for uses in fields)
        check = MediaCheck(self._transport, self._options.loopback_only, reach)
        await check.check(url for urls in named.values() for url in urls.values())
        for address, urls in named.items():
            for field, url in urls.items():
                if check.missing(url):
                    self._blocks[address] = Block(f"its {field} leads nowhere: {url}")
        self._warnings += check.warnings()

    async def _validate(self, made: Plan, lookups: Mapping[str, Mapping[str, Any]]) -> None:
        """Ask the API itself whether it would take a call, where its document names a way that costs nothing."""
        calls = []
        for change in made:
            if change.verb not in (Verb.CREATE, Verb.REPLACE):
                continue
            use = self._work.catalogue.use(change.uses)
            if use is None or not isinstance(use.kind, Resource) or use.kind.validate is None:
                continue
            inputs = self._inputs(change.address, lookups)
            if inputs and not contains_unknown(inputs):
                calls.append(self._validate_one(change.address, use, use.kind, inputs))
        await asyncio.gather(*calls)

    async def _validate_one(self, address: str, use: Use, kind: Resource, inputs: Mapping[str, Any]) -> None:
        spec = kind.validate
        assert spec is not None
        reply = await self._accounts[use.provider.name].ask(validating_call(use, inputs))
        if not isinstance(reply, Answer):
            self._warn(address, f"{use.uses} could not be validated: {reply.message}")
            return
        verdict = judge(reply, use.provider.errors, kind.errors)
        if holds(spec.refused, Scope(answer=reply)) or verdict.meaning == "refused":
            said = message_of(use, reply) or verdict.message
            self._blocks[address] = Block(f"{use.provider.name} would refuse it: {said}")
        elif not reply.ok:
            self._warn(address, f"{use.uses} could not be validated: {verdict.message}")

    def _warn(self, address: str, message: str) -> None:
        self._warnings.append(Problem("not-validated", message, Place(address), warning=True))


def _said(why: Reply) -> str:
    """What is known of why a list could not be read."""
    words = why.message if isinstance(why, NoAnswer) else why.unreadable or f"it answers {why.status}"
    return f": {words}" if words else ""


def _list_inputs(use: Use) -> set[str]:
    """The inputs that the list is asked with."""
    kind = use.kind
    assert isinstance(kind, Resource)
    assert kind.delivery.find is not None
    sent = use.provider.lists[kind.delivery.find.list].send.values()
    return {source.split("#/")[-1].split(".")[-1] for source in sent if isinstance(source, str)}


def _unknown_mark(use: Use, inputs: Mapping[str, Any]) -> bool:
    kind = use.kind
    assert isinstance(kind, Resource)
    assert kind.delivery.find is not None
    first = kind.delivery.find.field.strip("/").split("/")[0]
    return contains_unknown(inputs.get(first))
