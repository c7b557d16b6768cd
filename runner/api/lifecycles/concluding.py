"""After a call with an effect: what its reply proves, and the receipt, refusal or withdrawal that is recorded of it."""

import random
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from runner.api.lifecycles.effects import Effect, Outcome, Record, Request
from runner.api.lifecycles.marks import with_mark
from runner.api.lifecycles.order import Order, Target, View
from runner.api.lifecycles.parts import parts_of, receipts
from runner.api.lifecycles.search import doubt
from runner.api.messages.encode import call_of
from runner.api.messages.judge import Verdict, judge
from runner.api.messages.reading import Reading, number, read_answer
from runner.api.messages.sealing import unseal
from runner.api.vocabulary.calldata import Delivery
from runner.api.vocabulary.lifedata import Resource
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.model.event import Finished, Intended, Received, Refused, Settling, Withdrawn
from runner.model.http import Answer, Reply
from runner.model.observation import Remote
from runner.model.part import PartReceipt

PATIENCE = 200
"""How often a call is sent again in one run because the API said `not now`, or was not there."""


def send_request(
    order: Order, intent: Intended, walked: float | None = None, first: bool = False
) -> Request | None:
    """The request of an intent; without any contract it never travels on an idle connection.

    `walked` and `first` as in `Request`. None when a secret that the stored request refers to has changed or gone: it
    cannot be repeated as it was.
    """
    call = unseal(intent.call, order.secrets)
    if call is None:
        return None
    return Request(call, intent, order.delivery.offers_nothing, walked, first)


def judge_reply(order: Order, reply: Reply) -> Verdict:
    """What the reply means for the effect."""
    return judge(reply, order.use.provider.errors, order.errors)


def conclude(
    order: Order, view: View, intent: Intended, reply: Reply, verdict: Verdict
) -> Generator[Effect, Any, Outcome | None]:
    """Record what a reply proves. None: it proves nothing final, or only that the call may be sent again.

    That a repeated call did nothing says nothing of the first one: its intent stays open.
    """
    if verdict.meaning == "accepted" and isinstance(reply, Answer):
        reading = read_answer(order.use, reply, intent_inputs(order, intent))
        if order.target is not None:
            return (yield from _updated(order, order.target, intent, reading))
        parts = _receipts(order, intent, reply)
        if _anothers(order, view, intent, [part.id for part in parts] or [reading.id]):
            return None  # accepted it was, and what it made is not known
        nameless = order.identity is None and parts_of(order) is None
        if reading.id or parts or (nameless and not _garbled(order, reply)):
            return (yield from received(order, intent, reading, "answered", parts))
        return None
    if verdict.meaning == "refused":
        if intent.attempt > 1 and intent.key:
            return None  # a refused key on a resend means that an effect may exist
        yield Record(
            (
                Refused(
                    address=order.address,
                    generation=order.generation,
                    status=reply.status if isinstance(reply, Answer) else 0,
                    code=verdict.code,
                    message=f"{verdict.message} — {verdict.help}" if verdict.help else verdict.message,
                ),
            )
        )
        stop = verdict.message if verdict.unauthorized else ""
        gone, balance = (yield from _credit_is_gone(order)) if verdict.out_of_credit else (False, None)
        reason = f"{verdict.code}: {verdict.message}" if verdict.code else verdict.message
        help_ = f" — {verdict.help}" if verdict.help else ""
        close = verdict.message if gone else ""
        return Outcome("refused", reason + help_, stop_provider=stop, close_provider=close, balance=balance)
    if verdict.meaning == "safe" and intent.attempt == 1:
        yield Record((Withdrawn(address=order.address, generation=order.generation, reason=verdict.message),))
    return None


def _updated(
    order: Order, target: Target, intent: Intended, reading: Reading
) -> Generator[Effect, Any, Outcome]:
    """An accepted update: its identity was known before."""
    if reading.id not in ("", target.id):
        said = f"the update of {target.id} was answered with the id {reading.id}, which is another"
        return (yield from doubt(order, said, (reading.id,)))
    return (yield from received(order, intent, reading, "answered"))


def _garbled(order: Order, reply: Answer) -> bool:
    """Whether something else came where the document tells of JSON or XML, of a call that must not be repeated: a page
    of a gateway, half a document. What was paid for stood in it, or nothing was done at all."""
    told = order.use.operation.produces()
    return (
        bool(reply.unreadable)
        and order.repeat != "safe"
        and any("json" in one or "xml" in one for one in told)
    )


def _anothers(order: Order, view: View, intent: Intended, ids: list[str]) -> bool:
    """Whether an answer names what somebody else has got: a key that was mixed up, a copy of the answer to an earlier
    call. What changes a thing, or is called by an input, has the id of another by right, and what costs nothing may be
    had twice under one id."""
    kind = order.use.kind
    if not isinstance(kind, Resource) or kind.of or kind.fresh is not None or order.repeat == "safe":
        return False
    if kind.id is not None and kind.id.at.startswith("$request"):
        return False
    besides = order.address if intent.attempt == 1 else ""
    account, use, there = order.account, order.use, order.collection
    return any(id and view.owner(account, id, use, there, besides) for id in ids)


def _receipts(order: Order, intent: Intended, reply: Answer) -> tuple[PartReceipt, ...]:
    kind = order.use.kind
    return receipts(kind, reply, intent.parts, intent.marks) if isinstance(kind, Resource) else ()


def _credit_is_gone(order: Order) -> Generator[Effect, Any, tuple[bool, float | None]]:
    """Whether the account's own balance agrees that nothing more can be paid, and what it is where it is told: the same
    error may mean one feature."""
    kind = order.use.kind
    if not isinstance(kind, Resource) or kind.cost is None or kind.cost.balance is None:
        return True, None
    answer = yield Request(call_of(order.use.provider, kind.cost.balance, Scope()))
    if not isinstance(answer, Answer) or not answer.ok:
        return True, None
    left = number(locate(kind.cost.balance.at, Scope(answer=answer)))
    gone = left is None or left <= 0 or (order.estimate is not None and left < order.estimate)
    return gone, left


def intent_inputs(order: Order, intent: Intended) -> Mapping[str, Any]:
    """The inputs as they were sent, a minted mark among them."""
    find = order.delivery.find
    if intent.minted and find is not None:
        return with_mark(order.inputs, find.field, intent.mark)
    return order.inputs


def received(
    order: Order, intent: Intended, reading: Reading, how: str, parts: tuple[PartReceipt, ...] = ()
) -> Generator[Effect, Any, Outcome]:
    """Record the identity of an effect; one that has none of its own is known by those of its parts."""
    id, outputs, noted = reading.id or ",".join(part.id for part in parts), reading.outputs, []
    if order.target is not None:
        id, outputs = order.target.id, {**outputs, "id": order.target.id}
        if reading.outcome == "ready" and not intent.anew:
            ready = Finished(address=order.address, generation=order.generation, outcome="ready")
            noted.append(ready)  # nothing is made by it: what it says of itself can be believed
    receipt = Received(
        address=order.address,
        generation=order.generation,
        id=id,
        how=how,
        status=reading.status,
        outputs=outputs,
        cost=reading.cost,
        unit=reading.unit,
        parts=parts,
    )
    yield Record((receipt, *noted))
    return Outcome("received", id=id, status=reading.status, outputs=outputs)


def not_done(order: Order, absent: bool) -> Withdrawn:
    """The end of a call that nobody wants any more. Whether an update was done is only known where that was looked at
    (`absent`)."""
    unsure = order.target is not None and not absent
    return Withdrawn(address=order.address, generation=order.generation, reason="not done", unsure=unsure)


def resend(intent: Intended) -> Intended:
    """The same call once more: the same bytes, mark and key."""
    return replace(intent, attempt=intent.attempt + 1, accepted=False)


def pause_after(retries: int, verdict: Verdict, attempt: int) -> float | None:
    """How long to wait after an answer that did nothing (the `attempt`-th, from 0); None: it was asked often enough.

    As long as the API asks for, and at least a time with full jitter: what failed together does not come back together.
    """
    if verdict.retry_after is None and verdict.status not in (425, 429) and attempt >= retries:
        return None
    jitter = random.uniform(0.0, min(60.0, 0.5 * 2 ** min(attempt, 10)))
    return max(verdict.retry_after or 0.0, jitter)


def settling_note(order: Order, reason: str, since: str = "", accepted: bool = False) -> Record:
    """Tell the journal that an outcome is being looked for, and what every later process must know of it."""
    note = Settling(
        address=order.address, generation=order.generation, reason=reason, since=since, accepted=accepted
    )
    return Record((note,))


def agrees(order: Order, remote: Remote, inputs: Mapping[str, Any]) -> bool:
    """Whether all comparable fields of something found are as asked for; one that it does not show says nothing."""
    return not differing(order.delivery, remote.item, inputs)


def differing(delivery: Delivery, item: Any, inputs: Mapping[str, Any]) -> list[str]:
    """The comparable fields of an item of a list that are not as asked for."""
    compare = delivery.find.compare if delivery.find is not None else delivery.compare
    found = []
    for name, ref in compare.items():
        there = locate(ref, Scope(item=item, answer=Answer(200, body=item)))
        wanted = inputs.get(name)
        if there is not MISSING and there is not None and wanted is not None and str(there) != str(wanted):
            found.append(name)
    return found
