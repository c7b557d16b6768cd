"""Refresh: what the APIs say now of everything that the state knows, by list where there is one. It only reads."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.effects import Collection as RemoteList
from runner.api.lifecycles.effects import Walked
from runner.api.messages.encode import call_of
from runner.api.messages.reading import Reading, read_answer, read_item
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Lookup, Resource
from runner.api.vocabulary.locate import Scope
from runner.compile.checks.work import Work
from runner.compile.planning.canonical import canonical
from runner.compile.planning.removal import elsewhere
from runner.engine.links import ends_within
from runner.engine.running.desk import Accounts
from runner.engine.state.owners import Owners
from runner.engine.wire.accounts import Account
from runner.engine.wire.lookups import ask_lookup
from runner.engine.wire.transport import Transport
from runner.engine.wire.walks import Walks
from runner.model.drift import Drift, DriftKind
from runner.model.event import Event, Finished, Refreshed
from runner.model.frozen import frozen
from runner.model.http import Answer
from runner.model.state import FileState, InstanceState, Phase, State

SOON = 24 * 3600.0
"""Links that end within so many seconds are worth a word."""

ENDED = (Phase.READY, Phase.FAILED)
_GONE = (404, 410)


@frozen
class Refreshing:
    """What was found, and the events that note it. `looked` counts the instances that were looked at."""

    drifts: tuple[Drift, ...]
    events: tuple[Event, ...]
    looked: int


async def refresh(
    work: Work, state: State, only: Collection[str] | None, stands: Callable[[FileState], bool]
) -> Refreshing:
    """Look at everything that has ended, or at `only` these addresses; the latter also asks pinned lookups anew."""
    transport = Transport()
    try:
        return await _Refresher(work, state, transport, stands).run(only)
    finally:
        await transport.close()


class _Refresher:
    def __init__(
        self, work: Work, state: State, transport: Transport, stands: Callable[[FileState], bool]
    ) -> None:
        self._work = work
        self._state = state
        self._stands = stands
        self._accounts = Accounts(work, transport)
        self._walks = Walks(self._accounts)
        self._owned = Owners(state.instances.values())
        self._lists: dict[str, tuple[RemoteList, Use]] = {}
        self.drifts: list[Drift] = []
        self.events: list[Event] = []

    async def run(self, only: Collection[str] | None) -> Refreshing:
        held = [one for one in self._state.instances.values() if only is None or one.address in only]
        pairs = [(one, use) for one in held if (use := self._use(one)) is not None]
        things = [
            (one, use)
            for one, use in pairs
            if one.id and one.phase in ENDED and isinstance(use.kind, Resource)
        ]
        await asyncio.gather(*(self._look(one, use) for one, use in things))
        lookups: list[tuple[InstanceState, Use]] = []
        if only is None:
            await self._strangers()
        else:
            lookups = [(one, use) for one, use in pairs if isinstance(use.kind, Lookup)]
            await asyncio.gather(*(self._ask_anew(one, use) for one, use in lookups))
        order = {address: place for place, address in enumerate(self._state.instances)}
        drifts = sorted(self.drifts, key=lambda drift: order.get(drift.address, len(order)))
        return Refreshing(tuple(drifts), tuple(self.events), len(things) + len(lookups))

    def _use(self, held: InstanceState) -> Use | None:
        known = held.uses.partition(".")[0] in self._work.settings
        return self._work.catalogue.use(held.uses) if known else None

    async def _look(self, held: InstanceState, use: Use) -> None:
        if there := elsewhere(self._work, held):
            self._find(DriftKind.UNREAD, held, f"{there} to look at it there")
            return
        reading: Reading | str | None = await self._by_list(held, use)
        if reading is None:
            reading = await self._by_read(held, use)
        if isinstance(reading, str):
            self._find(DriftKind.UNREAD, held, reading)
        elif reading is None:
            self._gone(held)
        else:
            self._compare(held, reading)

    async def _by_list(self, held: InstanceState, use: Use) -> Reading | None:
        """What the list shows of it; None where there is no list, or it does not show it."""
        kind = use.kind
        assert isinstance(kind, Resource)
        find = kind.delivery.find
        if find is None or held.parts:
            return None
        account = self._accounts[use.provider.name]
        collection = collection_of(use.provider, account.key, find.list, _inputs(held), find.mark)
        self._lists.setdefault(collection.key, (collection, use))
        walked = await self._walks.walk(collection, self._walks.began)
        remote = walked.items.get(held.id) if isinstance(walked, Walked) else None
        return read_item(use, held.id, remote.item) if remote is not None else None

    async def _by_read(self, held: InstanceState, use: Use) -> Reading | str | None:
        return await read_one(self._accounts[use.provider.name], use, held.id, _inputs(held))

    def _compare(self, held: InstanceState, reading: Reading) -> None:
        outcome = reading.outcome
        if outcome in ("ready", "failed", "stalled") and outcome != held.phase.value:
            told = f"{held.phase.value} here, {outcome} there"
            self._find(DriftKind.FAILED, held, f"{told}: {reading.message or reading.status}".rstrip(": "))
        changed = {
            name: value
            for name, value in reading.outputs.items()
            if name in held.outputs and held.outputs[name] != value and not _holds_url(value)
        }
        if changed:
            self._find(
                DriftKind.CHANGED, held, f"{', '.join(list(changed)[:5])} differ from what was recorded"
            )
        missing = self._missing(held)
        soon = ends_within(reading.outputs, SOON)
        if missing and soon:
            self._find(
                DriftKind.EXPIRING, held, f"its links end {soon}, and {missing} is not here", "runner apply"
            )
        self._note(held, "failed" if outcome == "failed" else "there", reading.status, changed)

    def _gone(self, held: InstanceState) -> None:
        missing = self._missing(held)
        if missing:
            command = f"runner apply --replace '{held.address}'"
            self._find(DriftKind.GONE, held, f"not there any more, and {missing} is not here", command)
        else:
            kept = "its files are here: nothing to do" if held.files else "nothing of it was to be saved here"
            self._find(DriftKind.GONE, held, f"not there any more; {kept}")
        self._note(held, "gone", "", {})

    async def _strangers(self) -> None:
        """What the lists show and no state knows: paid for, or made, by somebody else or a lost state."""
        for collection, use in self._lists.values():
            walked = await self._walks.walk(collection, self._walks.began)
            if not isinstance(walked, Walked):
                continue
            account = self._accounts[use.provider.name].key
            for remote in walked.items.values():
                key, known = (account, remote.id), self._state.instances
                if not self._owned.owner(self._work, known, key, use, collection):
                    self.drifts.append(
                        Drift(
                            DriftKind.UNKNOWN, "", use.uses, remote.id,
                            f"{remote.mark!r} is there, and this state does not know it",
                            self._import_command(use),
                        )
                    )  # fmt: skip

    def _import_command(self, use: Use) -> str:
        """Takes over what carries the name of an instance; by name alone, so that nothing else is taken."""
        jobs = [name for name, job in self._work.manifest.jobs.items() if job.uses == use.uses]
        return f"runner import --match '{jobs[0] if len(jobs) == 1 else '*'}'"

    async def _ask_anew(self, held: InstanceState, use: Use) -> None:
        """A lookup that is pinned is asked once more; what follows from it shows in the next plan."""
        account = self._accounts[use.provider.name]
        outputs = await ask_lookup(account, self._walks, use, _inputs(held), self._walks.began)
        if isinstance(outputs, str):
            self._find(DriftKind.UNREAD, held, outputs)
            return
        if outputs != held.outputs:
            self._find(DriftKind.CHANGED, held, "its answer is not the one that was pinned")
        made = canonical(held.uses, _inputs(held))
        self.events.append(
            Finished(
                address=held.address, generation=held.generation + 1, outcome="ready", uses=held.uses,
                outputs=outputs, digest=made.digest, inputs=made.inputs,
            )
        )  # fmt: skip

    def _find(self, kind: DriftKind, held: InstanceState, detail: str, command: str = "") -> None:
        self.drifts.append(Drift(kind, held.address, held.uses, held.id, detail, command))

    def _note(self, held: InstanceState, seen: str, status: str, changed: Mapping[str, Any]) -> None:
        """An event where this is news; what changed stands beside the outputs that expressions read."""
        if seen == (held.seen or "there") and (changed or None) == held.seen_outputs:
            return
        self.events.append(
            Refreshed(
                address=held.address,
                generation=held.generation,
                seen=seen,
                status=status,
                outputs=changed or None,
            )
        )

    def _missing(self, held: InstanceState) -> str:
        """A file of it that is not here as it was recorded."""
        return next((file.path for file in held.files.values() if not self._stands(file)), "")


async def read_one(account: Account, use: Use, id: str, inputs: Mapping[str, Any]) -> Reading | str | None:
    """What the API says when asked for one thing alone; None: it is not there. A text: why nothing could be learnt."""
    kind = use.kind
    assert isinstance(kind, Resource)
    if kind.read is None:
        return "its API has no way to ask for it alone"
    reply = await account.ask(call_of(use.provider, kind.read, Scope(request=inputs, id=id)))
    if isinstance(reply, Answer) and reply.ok and not reply.unreadable:
        return read_answer(use, reply, inputs, id=id)
    if isinstance(reply, Answer) and reply.status in _GONE:
        return None
    return f"the API answered {reply.status}" if isinstance(reply, Answer) else reply.message


def _inputs(held: InstanceState) -> Mapping[str, Any]:
    return held.inputs if isinstance(held.inputs, Mapping) else {}


def _holds_url(value: Any) -> bool:
    """Whether a link stands in it: links are signed anew with every answer."""
    if isinstance(value, str):
        return value.startswith(("http://", "https://"))
    inner: Iterable[Any] = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    return any(map(_holds_url, inner))
