"""Rows of a workbook that have no identity: looked for by their names in the collection.

Nothing found at all, by the rule of absence: the group was never done. Some found: once no new one has come for the
settling time, what is missing needs a person; unless the API itself ended the request: then it refused them.
"""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from runner.api.effects import Effect, Lifecycle, Outcome, Record, Until, Walk, Walked
from runner.api.marks import fold_mark
from runner.api.order import Order, View
from runner.api.search import Search, candidates, late_enough, next_look, proves, second_look
from runner.model.event import Doubted, Event, GroupClosed, Intended, Member, Refused, Settling
from runner.model.http import Call

if TYPE_CHECKING:
    from runner.api.strategies.bulk_workbook import GroupOrder


def search_rows(
    order: "GroupOrder",
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
    search = Search(alive, float(since) if since else None)
    waiting = {member.address: member for member in order.members}
    found_any = len(order.members) < len(order.intent.members)
    yield _note(order, "looking for the rows by their names")
    while True:
        walked = yield Walk(order.collection, view.monotonic())
        if not isinstance(walked, Walked):
            search.failures += 1
            yield Until(
                view.monotonic() + min(60.0, order.settle.lag * search.failures), "the list cannot be read"
            )
            continue
        events = _adopt(order, view, walked, waiting)
        if events:
            found_any = True
            search.empty.clear()
            search.alive = view.monotonic()  # a row came: the others may still follow
            yield Record(events)
        if not waiting:
            yield Record((GroupClosed(address=order.intent.address, reason="every row has its outcome"),))
            return Outcome("received")
        if search.alive is None and search.since is None:
            search.since = walked.date
            if search.since is None:
                search.alive = walked.began
            else:
                yield _note(order, "waiting until late rows would show", str(int(search.since)))
        single = _single(order, next(iter(waiting.values())))
        if late_enough(single, search, walked) and (
            second_look(single, search, walked) or not proves(single, _intent(order, ""), walked)
        ):
            whole = proves(single, _intent(order, ""), walked)
            return (yield from _give_up(order, waiting, refused, found_any or accepted or not whole))
        yield Until(next_look(single, view, search), "looking again for rows of a bulk request")


def _adopt(order: "GroupOrder", view: View, walked: Walked, waiting: dict[str, Member]) -> tuple[Event, ...]:
    from runner.api.strategies.bulk_workbook import receive

    events: list[Event] = []
    for member in list(waiting.values()):
        found = candidates(_single(order, member), view, _intent(order, member.name), walked)
        if len(found) == 1:
            events.append(receive(order, member, found[0].id, found[0].item, "adopted"))
            del waiting[member.address]
        elif len(found) > 1:
            ids = tuple(remote.id for remote in found)
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


def _give_up(
    order: "GroupOrder", waiting: Mapping[str, Member], refused: Mapping[str, str] | None, doubtful: bool
) -> Generator[Effect, Any, Outcome]:
    from runner.api.strategies.bulk_workbook import withdraw

    group = order.intent.address
    if refused is not None:
        gone: list[Event] = [
            Refused(
                address=member.address,
                generation=member.generation,
                status=0,
                code="",
                message=refused.get(member.address) or "the request has ended without this row",
            )
            for member in waiting.values()
        ]
        yield Record((*gone, GroupClosed(address=group, reason="ended; the rest was refused")))
        return Outcome("received")
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


def _single(order: "GroupOrder", member: Member) -> Order:
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


def _intent(order: "GroupOrder", name: str) -> Intended:
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


def _note(order: "GroupOrder", reason: str, since: str = "") -> Record:
    return Record((Settling(address=order.intent.address, generation=0, reason=reason, since=since),))
