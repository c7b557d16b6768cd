"""The life of one call with an effect: baseline, intent, call, receipt; and what to do when the answer is lost.

No I/O happens here: `runner.api.effects` tells what is yielded and sent, `runner.api.settling` looks for lost effects.
"""

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from runner.api.effects import Effect, Lifecycle, Outcome, Record, Request, Until, Walk, Walked
from runner.api.encode import call_of, encode
from runner.api.judge import Verdict, judge
from runner.api.lifedata import Resource
from runner.api.locate import MISSING, Scope, holds, locate
from runner.api.marks import fold_mark, mark_in, minted_mark, with_mark
from runner.api.order import Baseline, Order, View
from runner.api.provider import Use
from runner.api.reading import Reading, number, read_answer
from runner.api.sealing import seal, unseal
from runner.model.event import Intended, Received, Refused, Settling, Withdrawn
from runner.model.http import Answer, Call, Reply
from runner.model.observation import Remote

BASELINE_AGE = 60.0
"""A walk no older than this, in seconds, may serve as a baseline."""

PATIENCE = 50
"""How often a call is sent again in one run because the API said `not now`."""


def submit(order: Order, view: View) -> Lifecycle:
    """Send a call that was never sent before, and find out what came of it."""
    from runner.api.settling import settle  # settling resends, and so imports this module

    intent = yield from _prepare(order, view)
    if isinstance(intent, Outcome):
        return intent
    for attempt in range(PATIENCE):
        request = send_request(order, intent)
        assert request is not None, "a request that was just made has all of its secrets"
        reply = yield request
        verdict = judge_reply(order, reply)
        done = yield from conclude(order, intent, reply, verdict)
        if done is not None:
            return done
        if verdict.meaning == "accepted" or verdict.meaning == "ambiguous":
            return (
                yield from settle(
                    order, view, intent, alive=view.monotonic(), accepted=verdict.meaning == "accepted"
                )
            )
        pause = _pause(verdict, attempt)
        if verdict.retry_after is None and verdict.status not in (425, 429) and attempt >= order.retries:
            return Outcome("failed", f"{verdict.message} (sent {attempt + 1} times)")
        yield Until(view.monotonic() + pause, verdict.message)
    return Outcome("failed", f"the API said “not now” {PATIENCE} times")


def _pause(verdict: Verdict, attempt: int) -> float:
    if verdict.retry_after is not None:
        return verdict.retry_after
    return float(min(60.0, 0.5 * 2**attempt))


def send_request(order: Order, intent: Intended) -> Request | None:
    """The request of an intent; without any contract it never travels on an idle connection.

    None when a secret that the stored request refers to has changed or gone: it cannot be repeated as it was.
    """
    call = unseal(intent.call, order.secrets)
    if call is None:
        return None
    return Request(call, intent=intent, fresh=order.delivery.contract == "none")


def judge_reply(order: Order, reply: Reply) -> Verdict:
    """What the reply means for the effect."""
    return judge(reply, order.use.provider.errors, order.errors)


def _prepare(order: Order, view: View) -> Generator[Effect, Any, Intended | Outcome]:
    mark, minted, inputs = _mark(order, view)
    baseline = Baseline()
    if order.collection is not None:
        walked = yield Walk(order.collection, view.monotonic() - BASELINE_AGE)
        if not isinstance(walked, Walked):
            return _unreadable(order, walked)
        baseline = _baseline(walked, mark)
        strangers = [id for id in baseline.ids if not view.owned(order.account, id)]
        if strangers and not minted and not order.consent:
            return exists_remotely(order, mark, strangers)
    refusal = yield from validate(order)
    if refusal is not None:
        return refusal
    before = yield from look_before(order)
    if isinstance(before, Outcome):
        return before
    key = order.delivery.key
    word = view.mint() if key is not None else ""
    headers = ((key.header, word),) if key is not None else ()
    return Intended(
        address=order.address,
        generation=order.generation,
        uses=order.use.uses,
        operation=order.use.operation.id,
        account=order.account,
        digest=order.digest,
        inputs=order.canonical,
        call=seal(encode(order.use.operation, inputs, headers=headers), order.secrets),
        mark=mark,
        minted=minted,
        key=word,
        collection=order.collection.key if order.collection is not None else "",
        baseline=baseline.ids,
        baseline_count=baseline.count,
        baseline_date="" if baseline.date is None else str(int(baseline.date)),
        before=before,
        estimate=order.estimate,
        unit=order.unit,
    )


def _mark(order: Order, view: View) -> tuple[str, bool, Mapping[str, Any]]:
    find = order.delivery.find
    hook = order.delivery.webhook
    if find is None and hook is None:
        return "", False, order.inputs
    pointer, limit = (find.field, find.limit) if find is not None else (hook.field, hook.limit)  # type: ignore[union-attr]
    given = mark_in(order.inputs, pointer)
    if given and not order.append:
        return given, False, order.inputs
    mark = minted_mark(order.address, view.mint(), limit, given)
    return mark, True, with_mark(order.inputs, pointer, mark)


def _baseline(walked: Walked, mark: str) -> Baseline:
    there = walked.by_mark.get(fold_mark(mark), ())
    return Baseline(tuple(sorted(remote.id for remote in there)), walked.count, walked.date)


def validate(order: Order) -> Generator[Effect, Any, Outcome | None]:
    """Ask the API whether it would take the call, where its document names a way that costs nothing and does nothing.

    Only a clear no stops the call: whoever cannot be asked may still take it.
    """
    kind = order.use.kind
    if not isinstance(kind, Resource) or kind.validate is None:
        return None
    answer = yield Request(validating_call(order.use, order.inputs))
    if not isinstance(answer, Answer):
        return None
    verdict = judge_reply(order, answer)
    if holds(kind.validate.refused, Scope(answer=answer)) or verdict.meaning == "refused":
        stop = verdict.message if verdict.unauthorized else ""
        said = message_of(order.use, answer) or verdict.message
        return Outcome("blocked", f"{order.use.provider.name} would refuse it: {said}", stop_provider=stop)
    return None


def validating_call(use: Use, inputs: Mapping[str, Any]) -> Call:
    """The call that asks whether these inputs would be taken."""
    assert isinstance(use.kind, Resource)
    assert use.kind.validate is not None
    spec = use.kind.validate
    if spec.send:
        return call_of(use.provider, spec, Scope(request=inputs))
    return encode(use.provider.operation(spec.operation), inputs)


def message_of(use: Use, answer: Answer) -> str:
    """The API's own words about an error, whatever the status."""
    spec = use.provider.errors.message
    value = locate(spec, Scope(answer=answer)) if spec else MISSING
    return value if isinstance(value, str) else ""


def look_before(order: Order) -> Generator[Effect, Any, Mapping[str, Any] | Outcome | None]:
    """The fields that the document's `before` call keeps, so that a change can be told; None where it has none."""
    kind = order.use.kind
    if not isinstance(kind, Resource) or kind.before is None:
        return None
    call = call_of(order.use.provider, kind.before, Scope(request=order.inputs))
    answer = yield Request(call)
    if not isinstance(answer, Answer) or not answer.ok:
        return _unreadable(order, answer)
    body = answer.body if isinstance(answer.body, Mapping) else {}
    return {name: body.get(name) for name in kind.before.keep}


def _unreadable(order: Order, reply: Reply) -> Outcome:
    """Nothing is sent while it cannot be seen what is there already."""
    verdict = judge_reply(order, reply)
    said = verdict.message or (reply.unreadable if isinstance(reply, Answer) else "")
    reason = f"{order.use.provider.name} could not be read before sending: {said}"
    return Outcome("failed", reason, stop_provider=verdict.message if verdict.unauthorized else "")


def exists_remotely(order: Order, mark: str, ids: list[str]) -> Outcome:
    """The guard against a second bill after a lost state: something of this mark is there, and nobody here made it."""
    name = order.use.provider.name
    return Outcome(
        "blocked",
        f"{name} already holds {len(ids)} of the name {mark!r} ({', '.join(ids[:3])}), unknown to this state",
        command=f"runner import --match '{order.address}'",
    )


def conclude(
    order: Order, intent: Intended, reply: Reply, verdict: Verdict
) -> Generator[Effect, Any, Outcome | None]:
    """Record what a reply proves. None: it proves nothing final, or only that the call may be sent again."""
    if verdict.meaning == "accepted" and isinstance(reply, Answer):
        reading = read_answer(order.use, reply, intent_inputs(order, intent))
        if reading.id or order.identity is None:
            return (yield from received(order, intent, reading, "answered"))
        return None
    if verdict.meaning == "refused":
        if intent.attempt > 1 and intent.key:
            return None  # a refused key on a resend means that an effect may exist
        stop = verdict.message if verdict.unauthorized else ""
        if verdict.out_of_credit and (yield from _credit_is_gone(order)):
            stop = verdict.message
        yield Record(
            (
                Refused(
                    address=order.address,
                    generation=order.generation,
                    status=reply.status if isinstance(reply, Answer) else 0,
                    code=verdict.code,
                    message=verdict.message,
                ),
            )
        )
        reason = f"{verdict.code}: {verdict.message}" if verdict.code else verdict.message
        help_ = f" — {verdict.help}" if verdict.help else ""
        return Outcome("refused", reason + help_, stop_provider=stop)
    if verdict.meaning == "safe":
        yield Record((Withdrawn(address=order.address, generation=order.generation, reason=verdict.message),))
    return None


def _credit_is_gone(order: Order) -> Generator[Effect, Any, bool]:
    """Whether the account's own balance agrees that nothing more can be paid: the same error may mean one feature."""
    kind = order.use.kind
    if not isinstance(kind, Resource) or kind.cost is None or kind.cost.balance is None:
        return True
    answer = yield Request(call_of(order.use.provider, kind.cost.balance, Scope()))
    if not isinstance(answer, Answer) or not answer.ok:
        return True
    left = number(locate(kind.cost.balance.at, Scope(answer=answer)))
    return left is None or left <= 0 or (order.estimate is not None and left < order.estimate)


def intent_inputs(order: Order, intent: Intended) -> Mapping[str, Any]:
    """The inputs as they were sent, a minted mark among them."""
    find = order.delivery.find
    if intent.minted and find is not None:
        return with_mark(order.inputs, find.field, intent.mark)
    return order.inputs


def received(order: Order, intent: Intended, reading: Reading, how: str) -> Generator[Effect, Any, Outcome]:
    """Record the identity of an effect."""
    yield Record(
        (
            Received(
                address=order.address,
                generation=order.generation,
                id=reading.id,
                how=how,
                status=reading.status,
                outputs=reading.outputs,
                cost=reading.cost,
                unit=reading.unit,
            ),
        )
    )
    return Outcome("received", id=reading.id, status=reading.status, outputs=reading.outputs)


def resend(intent: Intended) -> Intended:
    """The same call once more: the same bytes, mark and key."""
    return replace(intent, attempt=intent.attempt + 1)


def settling_note(order: Order, reason: str, since: str = "") -> Record:
    """Tell the journal that an outcome is being looked for."""
    return Record((Settling(address=order.address, generation=order.generation, reason=reason, since=since),))


def agrees(order: Order, remote: Remote, inputs: Mapping[str, Any]) -> bool:
    """Whether all comparable fields of something found are what was asked for; one that it does not show says nothing."""
    find = order.delivery.find
    compare = find.compare if find is not None else order.delivery.compare
    for name, ref in compare.items():
        there = locate(ref, Scope(item=remote.item, answer=Answer(200, body=remote.item)))
        wanted = inputs.get(name)
        if there is not MISSING and there is not None and wanted is not None and str(there) != str(wanted):
            return False
    return True
