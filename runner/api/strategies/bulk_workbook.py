"""Many creates as rows of one workbook: one intent for all, then each row's own outcome.

The request's answer names a request id. Its rows are listed page by page; a row with an id is received. Whatever has no
id once the request has ended is looked for by its name in the collection, as a lost call is.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.api.effects import Collection, Effect, Lifecycle, Outcome, Record, Request, Until, Walk, Walked
from runner.api.encode import call_of, encode
from runner.api.judge import Verdict, judge
from runner.api.lifecycle import PATIENCE
from runner.api.lifedata import BulkSpec, Resource, Settle
from runner.api.locate import MISSING, Scope, find_all, locate
from runner.api.marks import fold_mark
from runner.api.order import View
from runner.api.paging import MOST_PAGES, next_cursor, page_inputs
from runner.api.provider import Use
from runner.api.reading import read_item
from runner.api.strategies.bulk_search import search_rows
from runner.model.event import (
    Event,
    GroupClosed,
    GroupIntended,
    GroupReceived,
    Member,
    Received,
    Refused,
    Withdrawn,
)
from runner.model.http import Answer


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """A wish for one bulk request. `members` are those without an outcome; `every` is (least, most) seconds between
    looks at its progress; `settle` is in seconds of this run."""

    use: Use
    intent: GroupIntended
    members: tuple[Member, ...]
    inputs: Mapping[str, Any]
    collection: Collection
    settle: Settle
    whole: bool = False
    every: tuple[float, float] = (15.0, 600.0)
    retries: int = 3

    @property
    def bulk(self) -> BulkSpec:
        kind = self.use.kind
        assert isinstance(kind, Resource)
        assert kind.bulk is not None
        return kind.bulk


def submit_group(order: GroupOrder, view: View) -> Lifecycle:
    """Send the workbook's request and follow every row to its identity."""
    for attempt in range(PATIENCE):
        reply = yield Request(order.intent.call, intent=order.intent)
        verdict = judge(reply, order.use.provider.errors)
        if verdict.meaning == "accepted" and isinstance(reply, Answer):
            id = locate(order.bulk.receipt, Scope(answer=reply, request=order.inputs))
            if id is not MISSING and id not in (None, ""):
                yield Record((GroupReceived(address=order.intent.address, id=str(id)),))
                return (yield from follow_group(order, view, str(id)))
            return (yield from search_rows(order, view, alive=view.monotonic(), accepted=True))
        if verdict.meaning == "ambiguous":
            return (yield from search_rows(order, view, alive=view.monotonic()))
        if verdict.meaning == "refused":
            return (yield from _refused(order, verdict, reply.status if isinstance(reply, Answer) else 0))
        yield Record(withdraw(order, verdict.message))
        if verdict.retry_after is None and attempt >= order.retries:
            return Outcome("failed", f"{verdict.message} (sent {attempt + 1} times)")
        pause = verdict.retry_after if verdict.retry_after is not None else min(60.0, 0.5 * 2**attempt)
        yield Until(view.monotonic() + pause, verdict.message)
    return Outcome("failed", f"the API said “not now” {PATIENCE} times")


def withdraw(order: GroupOrder, reason: str) -> tuple[Event, ...]:
    """Close the group and the intents of its members: nothing happened there."""
    members: list[Event] = [
        Withdrawn(address=member.address, generation=member.generation, reason=reason)
        for member in order.members
    ]
    return (*members, GroupClosed(address=order.intent.address, reason=reason))


def _refused(order: GroupOrder, verdict: Verdict, status: int) -> Generator[Effect, Any, Outcome]:
    events: list[Event] = [
        Refused(
            address=member.address,
            generation=member.generation,
            status=status,
            code=verdict.code,
            message=verdict.message,
        )
        for member in order.members
    ]
    yield Record((*events, GroupClosed(address=order.intent.address, reason="refused")))
    stop = verdict.message if verdict.unauthorized or verdict.out_of_credit else ""
    return Outcome("refused", verdict.message, stop_provider=stop)


def follow_group(order: GroupOrder, view: View, id: str) -> Lifecycle:
    """The request id is known: read its rows until each member has an outcome."""
    began = view.monotonic()
    waiting = {fold_mark(member.name): member for member in order.members}
    messages: dict[str, str] = {}
    while waiting:
        ended = yield from _ended(order, id)
        rows = yield from _rows(order, id)
        if rows is not None:
            events = _receive(order, rows, waiting, messages)
            if events:
                yield Record(events)
            if not waiting:
                break
            if ended:
                rest = replace(order, members=tuple(waiting.values()))
                return (yield from search_rows(rest, view, alive=view.monotonic(), refused=messages))
        least, most = order.every
        yield Until(
            view.monotonic() + min(max(least, (view.monotonic() - began) / 4), most),
            "the bulk request is at work",
        )
    yield Record((GroupClosed(address=order.intent.address, reason="every row has its outcome"),))
    return Outcome("received", id=id)


def _ended(order: GroupOrder, id: str) -> Generator[Effect, Any, bool]:
    spec = order.bulk.progress
    if spec is None:
        return True
    scope = Scope(request=order.inputs, receipt=id)
    answer = yield Request(call_of(order.use.provider, spec, scope))
    if not isinstance(answer, Answer) or not answer.ok:
        return False
    value = locate(spec.at, Scope(answer=answer))
    return value is not MISSING and str(value).strip() in {str(done) for done in spec.done}


def _rows(order: GroupOrder, id: str) -> Generator[Effect, Any, list[Any] | None]:
    """All rows of the request, or None when a page could not be read."""
    rows = order.bulk.rows
    assert rows is not None
    spec = rows.list
    scope = Scope(request=order.inputs, receipt=id)
    fixed = {
        name: source[0] if isinstance(source, list) else locate(source, scope)
        for name, source in spec.send.items()
    }
    found: list[Any] = []
    cursor: Any = spec.page.first
    for _ in range(MOST_PAGES):
        call = encode(order.use.provider.operation(spec.operation), page_inputs(spec, fixed, cursor))
        answer = yield Request(call)
        if not isinstance(answer, Answer) or not answer.ok or answer.unreadable:
            return None
        page = find_all(spec.items, answer.body)
        found += page
        cursor = next_cursor(spec, answer, cursor, len(page), len(found))
        if cursor is None:
            break
    return found


def _receive(
    order: GroupOrder, rows: Sequence[Any], waiting: dict[str, Member], messages: dict[str, str]
) -> tuple[Event, ...]:
    """Events for the rows that have got an id; what a row without one says is kept in `messages`."""
    spec = order.bulk.rows
    assert spec is not None
    events: list[Event] = []
    for row in rows:
        scope = Scope(item=row)
        name, id = locate(spec.name, scope), locate(spec.list.id, scope)
        if name is MISSING or name is None:
            continue
        member = waiting.get(fold_mark(str(name)))
        if member is None:
            continue
        if id is MISSING or id in (None, ""):
            message = locate(spec.message, scope) if spec.message else MISSING
            messages[member.address] = "" if message is MISSING or message is None else str(message)
            continue
        del waiting[fold_mark(str(name))]
        events.append(receive(order, member, str(id), row, "answered"))
    return tuple(events)


def receive(order: GroupOrder, member: Member, id: str, item: Any, how: str) -> Received:
    """The event that gives a member its identity."""
    reading = read_item(order.use, id, item)
    return Received(
        address=member.address,
        generation=member.generation,
        id=id,
        how=how,
        status=reading.status,
        outputs={"id": id, "status": reading.status},
    )


def resume_group(order: GroupOrder, view: View, id: str, since: str) -> Lifecycle:
    """Take up a group that another process left."""
    if id:
        return (yield from follow_group(order, view, id))
    return (yield from search_rows(order, view, alive=None, since=since))


__all__ = [
    "GroupOrder",
    "Walk",
    "Walked",
    "follow_group",
    "receive",
    "resume_group",
    "submit_group",
    "withdraw",
]
