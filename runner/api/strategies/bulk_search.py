"""Rows of a workbook that have no identity: looked for by their names in the collection.

Nothing found at all, by the rule of absence: the group was never done. Some found: once no new one has come for the
settling time, what is missing needs a person; unless the API itself ended the request: then it refused them.
"""

from collections.abc import Generator, Mapping
from typing import Any

from runner.api.lifecycles.effects import Effect, Lifecycle, Outcome, Record, Until, Walked
from runner.api.lifecycles.marks import fold_mark
from runner.api.lifecycles.order import Order, View
from runner.api.lifecycles.search import (
    MOST_SHORT,
    Search,
    candidates,
    late_enough,
    lossy,
    next_look,
    read_list,
    second_look,
    unproven,
)
from runner.api.strategies.bulk_order import GroupOrder, receive, withdraw
from runner.model.event import Doubted, Event, GroupClosed, Intended, Member, Refused, Settling
from runner.model.http import Call


def search_rows(
    order: GroupOrder,
    view: View,
    *,
    alive: float | None,
    since: str = "",
    accepted: bool = False,
    refused: Mapping[str, str] | None = None,
) -> Lifecycle:
    """Look for all members by name until each has an outcome.

    `refused`: the request has ended; what the API said of rows without an id, by address. `accepted`: it said yes, and
    its id could not be read, so it is never sent again.
    """
    if accepted and not order.intent.accepted:
        yield _note(order, "accepted, and its id could not be read", accepted=True)
    accepted = accepted or order.intent.accepted
    search = Search(alive, float(since) if since else None)
    waiting = {member.address: member for member in order.members}
    found_any = len(order.members) < len(order.intent.members)
    name = order.use.provider.name
    yield _note(order, "looking for the rows by their names")
    while True:
        walked = yield from read_list(order.collection, view, search, name, order.settle.lag, "its rows")
        if isinstance(walked, Outcome):
            return walked
        events = _adopt(order, view, walked, waiting)
        if events:
            found_any = True
            search.empty.clear()
            search.alive, search.since = view.monotonic(), None  # a row came: the others may still follow
            yield Record(events)
        if not waiting:
            yield Record((GroupClosed(address=order.intent.address, reason="every row has its outcome"),))
            return Outcome("received")
        if search.begin(walked):
            yield _note(order, "waiting until late rows would show", search.since_here)
        single = _single(order, next(iter(waiting.values())))
        short = lossy(search, walked)
        late = late_enough(single, search, walked)
        whole = late and not short and _proves(order, view, walked, waiting)
        if late and _looked_enough(single, search, walked, whole):
            if refused is not None:
                return (yield from _close_ended(order, waiting, refused, whole))
            return (yield from _give_up(order, waiting, found_any or accepted or not whole))
        yield Until(next_look(single, view, search), "looking again for rows of a bulk request")


def _proves(order: GroupOrder, view: View, walked: Walked, waiting: Mapping[str, Member]) -> bool:
    """Whether what is not there was never made, for all rows that wait."""
    return not any(
        unproven(_single(order, member), view, _intent(order, member.name), walked)[0]
        for member in waiting.values()
    )


def _looked_enough(order: Order, search: Search, walked: Walked, whole: bool) -> bool:
    """Whether looking further would show nothing new; a look that has lost items counts as none."""
    if walked.short:
        return search.short >= MOST_SHORT
    return not whole or second_look(order, search, walked)


def _adopt(order: GroupOrder, view: View, walked: Walked, waiting: dict[str, Member]) -> tuple[Event, ...]:
    events: list[Event] = []
    for member in list(waiting.values()):
        found = candidates(_single(order, member), view, _intent(order, member.name), walked)
        if len(found) == 1 and found[0].id:
            events.append(receive(order, member, found[0].id, found[0].item, "adopted"))
            del waiting[member.address]
        elif found:
            ids = tuple(remote.id for remote in found if remote.id)
            events.append(
                Doubted(
                    address=member.address,
                    generation=member.generation,
                    reason=f"{len(found)} things carry the name {member.name!r}",
                    candidates=ids,
                )
            )
            del waiting[member.address]
    return tuple(events)


def _close_ended(
    order: GroupOrder, waiting: Mapping[str, Member], refused: Mapping[str, str], whole: bool
) -> Generator[Effect, Any, Outcome]:
    """The API ended the request. What it showed without an id, it refused; so it did with what it did not show at all,
    where the list proves that nothing is there. Where the list may be cut off, a person must say."""
    events: list[Event] = []
    for member in waiting.values():
        if whole or member.address in refused:
            message = refused.get(member.address) or "the request has ended without this row"
            events.append(_refusal(member, message))
        else:
            reason = "the request has ended without this row, and nobody says that the list is complete"
            events.append(Doubted(address=member.address, generation=member.generation, reason=reason))
    doubtful = sum(isinstance(event, Doubted) for event in events)
    reason = f"ended; {len(events) - doubtful} rows were refused, {doubtful} are in doubt"
    yield Record((*events, GroupClosed(address=order.intent.address, reason=reason)))
    return Outcome("doubt" if doubtful else "received", reason if doubtful else "")


def _refusal(member: Member, message: str) -> Refused:
    return Refused(address=member.address, generation=member.generation, status=0, code="", message=message)


def _give_up(
    order: GroupOrder, waiting: Mapping[str, Member], doubtful: bool
) -> Generator[Effect, Any, Outcome]:
    """No request id is known: nothing was done, or a person must say."""
    group = order.intent.address
    if not doubtful:
        yield Record(withdraw(order, "not done"))
        return Outcome("withdrawn", "the bulk request was never done")
    reason = "its row of the bulk request could not be found, and others could"
    doubts: list[Event] = [
        Doubted(address=member.address, generation=member.generation, reason=reason)
        for member in waiting.values()
    ]
    yield Record((*doubts, GroupClosed(address=group, reason="the rest is in doubt")))
    return Outcome("doubt", reason)


def _single(order: GroupOrder, member: Member) -> Order:
    """One member as an order of its own, for the rules that settling shares."""
    return Order(
        address=member.address,
        generation=member.generation,
        use=order.use,
        inputs=order.inputs,
        digest=member.digest,
        canonical=member.inputs,
        account=order.intent.account,
        settle=order.settle,
        collection=order.collection,
        whole=order.whole,
    )


_NO_CALL = Call("POST", "/")


def _intent(order: GroupOrder, name: str) -> Intended:
    group = order.intent
    return Intended(
        address=group.address,
        generation=0,
        uses=group.uses,
        operation=group.operation,
        account=group.account,
        digest="",
        inputs=None,
        call=_NO_CALL,
        mark=name,
        baseline=tuple(group.baseline.get(fold_mark(name), ())),
        baseline_count=group.baseline_count,
        baseline_date=group.baseline_date,
    )


def _note(order: GroupOrder, reason: str, since: str = "", accepted: bool = False) -> Record:
    note = Settling(address=order.intent.address, generation=0, reason=reason, since=since, accepted=accepted)
    return Record((note,))
