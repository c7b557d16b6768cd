"""Whose a remote id is: ids are counted, or made of names, for each sort of thing alone, and often for each parent."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.marks import receipt_key
from runner.api.messages.sealing import refers
from runner.api.vocabulary.lifedata import Resource
from runner.model.state import GroupState, InstanceState

if TYPE_CHECKING:
    from runner.api.lifecycles.effects import Collection
    from runner.api.provider import Use
    from runner.compile.checks.work import Work

Key = tuple[str, str]
"""An account and an id in it."""


class Owners:
    """The addresses that stand for an id in an account: nearly always one, and then it is held as it is."""

    def __init__(self, instances: Iterable[InstanceState] = ()) -> None:
        self._held: dict[Key, str | tuple[str, ...]] = {}
        for one in instances:
            self.add(one)

    def add(self, instance: InstanceState) -> None:
        """Note every id that an instance stands for, or stood for."""
        for id in instance.ids:
            self._note((instance.account, id), instance.address)

    def add_group(self, group: GroupState) -> None:
        """Note the id of a bulk request, among those of requests."""
        if group.id:
            self._note((group.intent.account, receipt_key(group.id)), group.address)

    def _note(self, key: Key, address: str) -> None:
        known = self._held.get(key)
        if known is None:
            self._held[key] = address
        elif address not in (listed := _listed(known)):
            self._held[key] = (*listed, address)

    def of(self, account: str, id: str) -> tuple[str, ...]:
        """Everybody who has this id there, whatever it is the id of."""
        return _listed(self._held.get((account, id), ()))

    def owner(
        self,
        work: "Work",
        instances: Mapping[str, InstanceState],
        key: Key,
        use: "Use",
        collection: "Collection | None",
        besides: str = "",
    ) -> str:
        """Who has this id as that of a thing of the sort that `use` makes, in `collection`; empty: nobody `besides`."""
        # What is no number was not counted within its parent.
        within = collection if key[1].isdecimal() else None
        for address in self.of(*key):
            state = instances.get(address)
            # None: a bulk request, or what was forgotten in this very run and has the id nonetheless.
            if address != besides and (state is None or _same_sort(work, state, use, within)):
                return address
        return ""

    def __contains__(self, key: Key) -> bool:
        return key in self._held


def _listed(held: str | tuple[str, ...]) -> tuple[str, ...]:
    return (held,) if isinstance(held, str) else held


def _same_sort(work: "Work", state: InstanceState, use: "Use", collection: "Collection | None") -> bool:
    """Whether an id of `state` names a thing of the sort that `use` makes, where it stands in `collection`.

    A project 12 is no voice 12, and the third recording of one project is not the third of another. Where the document
    does not tell them apart they count as one.
    """
    provider = state.uses.partition(".")[0]
    theirs = work.catalogue.use(state.uses) if provider in work.settings else None
    if theirs is None or not isinstance(theirs.kind, Resource) or not isinstance(use.kind, Resource):
        return True
    if not _sorts(theirs.kind) & _sorts(use.kind):
        return False
    find = theirs.kind.delivery.find
    inputs = state.inputs if isinstance(state.inputs, Mapping) else {}
    if collection is None or find is None or find.list != collection.list or refers(inputs):
        return True
    there = collection_of(theirs.provider, state.account, find.list, inputs, find.mark)
    return there.key == collection.key


def _sorts(kind: Resource) -> set[tuple[str, str]]:
    """What tells sorts of things: two uses that share one of these make, or change, the same sort."""
    found = {("thing", kind.of or kind.name), ("thing", kind.name)}
    if kind.delivery.find is not None:
        found.add(("list", kind.delivery.find.list))
    if kind.wait.list:
        found.add(("list", kind.wait.list))
    if kind.read is not None:
        found.add(("read", kind.read.operation))
    return found
