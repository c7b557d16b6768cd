"""Many creates as rows of one workbook: one intent for all, then each row's own outcome.

The request's answer names a request id. Its rows are listed page by page; a row with an id is received. Whatever has no
id once the request has ended is looked for by its name in the collection, as a lost call is.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from runner.api.lifecycles.concluding import PATIENCE, pause_after
from runner.api.lifecycles.effects import (
    OUTDATED,
    Effect,
    Lifecycle,
    Outcome,
    Record,
    Request,
    Until,
)
from runner.api.lifecycles.marks import fold_mark, receipt_key
from runner.api.lifecycles.order import View
from runner.api.messages.encode import call_of
from runner.api.messages.judge import Verdict, judge
from runner.api.messages.reading import id_text
from runner.api.messages.sealing import unseal
from runner.api.strategies.bulk_baseline import stands_there_now
from runner.api.strategies.bulk_order import GroupOrder, withdraw
from runner.api.strategies.bulk_rows import receive_rows, rows_of
from runner.api.strategies.bulk_search import search_rows
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.model.event import (
    Doubted,
    Event,
    GroupClosed,
    GroupReceived,
    Refused,
)
from runner.model.http import Answer, Reply

VANISHED = 3
"""How often in a row a request's id may be unknown there before its rows are looked for by name."""


def submit_group(order: GroupOrder, view: View) -> Lifecycle:
    """Send the workbook's request and follow every row to its identity."""
    call = unseal(order.intent.call, order.secrets)
    assert call is not None, "a request that was just made has all of its secrets"
    attempt, again = 0, False
    for _ in range(PATIENCE):
        reply = yield Request(call, intent=order.intent, walked=order.walked, first=again)
        if again := reply is OUTDATED:
            anew = yield from stands_there_now(order, view)
            if isinstance(anew, Outcome):
                return anew
            order = anew
            continue
        verdict = judge(reply, order.use.provider.errors, order.errors)
        if verdict.meaning == "accepted" and isinstance(reply, Answer):
            id = id_text(locate(order.bulk.receipt, Scope(answer=reply, request=order.inputs)))
            if id and not _anothers(order, view, id):
                yield Record((GroupReceived(address=order.intent.address, id=id),))
                return (yield from follow_group(order, view, id))
            return (yield from search_rows(order, view, alive=view.monotonic(), accepted=True))
        if verdict.meaning == "ambiguous":
            found = yield from search_rows(order, view, alive=view.monotonic())
            if found.kind != "withdrawn" or attempt >= order.retries:
                return found
            attempt += 1
            continue  # shown never to have been done: sent again, as it was
        if verdict.meaning == "refused":
            return (yield from _refused(order, verdict, reply.status if isinstance(reply, Answer) else 0))
        yield Record(withdraw(order, verdict.message))
        pause = pause_after(order.retries, verdict, attempt)
        if pause is None:
            return Outcome("failed", f"{verdict.message} (sent {attempt + 1} times)")
        yield Until(view.monotonic() + pause, verdict.message, "retrying")
        attempt += 1
    return Outcome("failed", f"the API said “not now” {PATIENCE} times")


def _anothers(order: GroupOrder, view: View, id: str) -> bool:
    """Whether an answer names another bulk request: it is none to this one."""
    key, group = receipt_key(id), order.intent.address
    return bool(view.owner(order.intent.account, key, order.use, order.collection, besides=group))


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
    stop = verdict.message if verdict.unauthorized else ""
    close = verdict.message if verdict.out_of_credit else ""
    return Outcome("refused", verdict.message, stop_provider=stop, close_provider=close)


def follow_group(order: GroupOrder, view: View, id: str) -> Lifecycle:
    """The request id is known: read its rows until each member has an outcome."""
    began = view.monotonic()
    waiting = {fold_mark(member.name): member for member in order.members}
    messages: dict[str, str] = {}
    unknown = 0
    while waiting:
        answer = yield from _progress(order, id)
        ended = answer is None or _ended(order, answer)
        unknown = unknown + 1 if isinstance(answer, Answer) and answer.status in (404, 410) else 0
        if unknown >= VANISHED:  # accepted it was, so it is never sent again: its rows are looked for by name
            rest = replace(order, members=tuple(waiting.values()))
            return (yield from search_rows(rest, view, alive=view.monotonic(), accepted=True))
        rows = yield from rows_of(order, id)
        if rows is not None:
            events = receive_rows(order, view, rows, waiting, messages)
            if events:
                yield Record(events)
            if not waiting:
                break
            if ended:
                rest = replace(order, members=tuple(waiting.values()))
                return (yield from search_rows(rest, view, alive=view.monotonic(), refused=messages))
        now, (least, most) = view.monotonic(), order.every
        if now - began >= order.timeout:
            return Outcome("waiting", "the time given for this run is over; the work goes on there")
        moment = min(now + min(max(least, (now - began) / 4), most), began + order.timeout)
        yield Until(moment, "the bulk request is at work")
    yield Record((GroupClosed(address=order.intent.address, reason="every row has its outcome"),))
    return Outcome("received", id=id)


def _progress(order: GroupOrder, id: str) -> Generator[Effect, Any, Reply | None]:
    """What the API says of the request; None where its document names no such call."""
    spec = order.bulk.progress
    if spec is None:
        return None
    reply: Reply = yield Request(call_of(order.use.provider, spec, Scope(request=order.inputs, receipt=id)))
    return reply


def _ended(order: GroupOrder, reply: Reply) -> bool:
    spec = order.bulk.progress
    if spec is None or not isinstance(reply, Answer) or not reply.ok:
        return False
    value = locate(spec.at, Scope(answer=reply))
    words = {str(done) for done in spec.done}
    whole = isinstance(value, float) and value.is_integer()
    return value is not MISSING and str(int(value) if whole else value).strip() in words


def resume_group(order: GroupOrder, view: View, id: str, since: str) -> Lifecycle:
    """Take up a group that another process left."""
    if not order.collection.key.startswith(f"{order.intent.account} "):
        return (yield from _elsewhere(order))
    if id:
        return (yield from follow_group(order, view, id))
    return (yield from search_rows(order, view, alive=None, since=since))


def _elsewhere(order: GroupOrder) -> Generator[Effect, Any, Outcome]:
    """The manifest names another account now: where this group was sent, nobody can look."""
    reason = f"its bulk request was sent to {order.intent.account}, which the manifest no longer names"
    doubts: list[Event] = [
        Doubted(address=member.address, generation=member.generation, reason=reason)
        for member in order.members
    ]
    yield Record((*doubts, GroupClosed(address=order.intent.address, reason="in doubt")))
    return Outcome("doubt", reason)
