"""Before a call with an effect: its mark, what stood under it, what the API says of the inputs, and the intent."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from runner.api.lifecycles.concluding import judge_reply
from runner.api.lifecycles.effects import BASELINE_AGE, Effect, Outcome, Request, Walk, Walked
from runner.api.lifecycles.marks import fold_mark, mark_in, minted_mark, with_mark
from runner.api.lifecycles.order import Baseline, Order, Target, View
from runner.api.lifecycles.parts import marked, only, parts_of, wanted
from runner.api.lifecycles.update_search import look_at_call, seen_of
from runner.api.messages.encode import call_of, encode
from runner.api.messages.fresh import NOW
from runner.api.messages.sealing import seal, without_secrets
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.api.vocabulary.locate import MISSING, Scope, holds, locate
from runner.model.event import Intended
from runner.model.frozen import frozen
from runner.model.http import Answer, Call, Reply


@frozen
class Prepared:
    """An intent that may be sent. `walked`: when what it is built on was seen (monotonic), where that may grow old: a
    given mark can come to stand on a stranger's thing, and what a `before` call kept can be changed by others."""

    intent: Intended
    walked: float | None = None


@frozen
class Marked:
    """The inputs as they will be sent. `marks`: one, or one for `each` part; none where nothing can carry it."""

    inputs: Mapping[str, Any]
    marks: tuple[str, ...] = ()
    minted: bool = False
    parts: tuple[int, ...] = ()
    each: bool = False


def prepare(order: Order, view: View) -> Generator[Effect, Any, Prepared | Outcome]:
    """The intent of a call that was never sent; an outcome when it must not be sent."""
    if order.target is not None:
        return (yield from _prepare_update(order, view, order.target))
    made = _mark(order, view)
    stood = yield from _stands_there(order, view, made.marks, made.minted, BASELINE_AGE)
    if isinstance(stood, Outcome):
        return stood
    refusal = yield from validate(order)
    if refusal is not None:
        return refusal
    before = yield from look_before(order)
    if isinstance(before, Outcome):
        return before
    intent = _intent(order, view, made, stood, before)
    return Prepared(intent, _seen(view, intent, stood))


def prepare_again(order: Order, view: View, intent: Intended) -> Generator[Effect, Any, Prepared | Outcome]:
    """The same call, mark and key, on what stands there now: what was seen before has become too old, and nothing of
    the call is under way."""
    if order.target is not None:
        return (yield from _prepare_update(order, view, order.target, intent))
    marks = intent.marks or ((intent.mark,) if intent.mark else ())
    stood = yield from _stands_there(order, view, marks, intent.minted, BASELINE_AGE / 2, first=True)
    if isinstance(stood, Outcome):
        return stood
    before = yield from look_before(order, first=True)
    if isinstance(before, Outcome):
        return before
    again = replace(
        intent,
        baseline=stood.ids,
        baseline_count=stood.count,
        baseline_date=_date(stood),
        before=before,
    )
    return Prepared(again, _seen(view, again, stood))


def _stands_there(
    order: Order, view: View, marks: tuple[str, ...], minted: bool, age: float, first: bool = False
) -> Generator[Effect, Any, Baseline | Outcome]:
    """What stands under the marks, as a walk tells that is at most `age` old; an outcome when a stranger does."""
    if order.collection is None:
        return Baseline()
    walked = yield Walk(order.collection, view.monotonic() - age, first, whole=bool(marks) and not minted)
    if not isinstance(walked, Walked):
        return _unreadable(order, walked)
    stood = _baseline(walked, marks)
    strangers = [id for id in stood.ids if not view.owner(order.account, id, order.use, order.collection)]
    if strangers and not minted and not order.consent:
        return exists_remotely(order, ", ".join(marks[:3]), strangers)
    return stood


def _seen(view: View, intent: Intended, stood: Baseline) -> float | None:
    """Since when the intent's grounds may have changed; None where no stranger can change them."""
    given = (intent.mark or intent.marks) and not intent.minted
    if stood.began is not None and given:
        return stood.began
    return view.monotonic() if intent.before is not None else None


def _prepare_update(
    order: Order, view: View, target: Target, again: Intended | None = None
) -> Generator[Effect, Any, Prepared | Outcome]:
    """The intent of an update; `again`: the same, as what was seen before it has become too old."""
    before: Mapping[str, Any] | None = None
    seen_at: float | None = None
    call = look_at_call(order, target)
    if call is not None:
        seen_at = view.monotonic()
        answer = yield Request(call)
        if not isinstance(answer, Answer) or not answer.ok or answer.unreadable:
            return _unreadable(order, answer)
        before = seen_of(order, target, answer)
    if again is not None:
        return Prepared(replace(again, before=before), seen_at)
    intent = _intent(order, view, Marked(target.sent), Baseline(), before)
    kind = order.use.kind
    anew = isinstance(kind, Resource) and kind.fresh is not None
    return Prepared(replace(intent, update=target.names, anew=anew, free=target.free), seen_at)


def _intent(
    order: Order, view: View, made: Marked, baseline: Baseline, before: Mapping[str, Any] | None
) -> Intended:
    key = order.delivery.key
    word = view.mint() if key is not None else ""
    headers = ((key.header, word),) if key is not None else ()
    return Intended(
        address=order.address,
        generation=order.generation,
        uses=order.use.uses,
        operation=order.use.operation_id,
        account=order.account,
        digest=order.digest,
        inputs=order.canonical,
        call=seal(encode_order(order, made.inputs, headers), order.secrets),
        mark="" if made.each or not made.marks else made.marks[0],
        minted=made.minted,
        key=word,
        collection=without_secrets(order.collection.key, order.secrets)
        if order.collection is not None
        else "",
        baseline=baseline.ids,
        baseline_count=baseline.count,
        baseline_date=_date(baseline),
        before=before,
        estimate=order.estimate,
        unit=order.unit,
        marks=made.marks if made.each else (),
        parts=made.parts,
        clock=view.stamp() if key is not None and key.documented else "",
    )


def encode_order(order: Order, inputs: Mapping[str, Any], headers: tuple[tuple[str, str], ...]) -> Call:
    """The call of these inputs, asking for notifications where somebody listens and the user named nobody else."""
    kind = order.use.kind
    hook = kind.webhook if isinstance(kind, Resource) else None
    if hook is not None and order.notify and not mark_in(inputs, hook.field):
        inputs = with_mark(inputs, hook.field, order.notify)
        for pointer, value in hook.set.items():
            inputs = with_mark(inputs, pointer, value)
    create = kind.create if isinstance(kind, Resource) else None
    if create is not None and (create.media or create.send):
        return call_of(order.use.provider, create, Scope(request=inputs), inputs, headers=headers)
    return encode(order.use.operation, inputs, headers=headers)


def _mark(order: Order, view: View) -> Marked:
    spec = parts_of(order)
    if spec is not None:
        count = len(wanted(spec, order.inputs))
        places = order.parts or tuple(range(count))
        inputs, marks, minted = marked(order, view, only(spec, order.inputs, order.parts))
        if marks:
            return Marked(inputs, marks, minted, places, each=True)
        single = _single_mark(order, view, inputs)
        return Marked(single.inputs, single.marks, single.minted, places)
    return _single_mark(order, view, order.inputs)


def _single_mark(order: Order, view: View, inputs: Mapping[str, Any]) -> Marked:
    find, hook = order.delivery.find, order.delivery.webhook
    found = find if find is not None else hook
    if found is None or "/*/" in found.field:
        return Marked(inputs)
    given = mark_in(inputs, found.field)
    if given and not order.append:
        return Marked(inputs, (given,))
    mark = minted_mark(order.address, view.mint(), found.limit, given)
    return Marked(with_mark(inputs, found.field, mark), (mark,), True)


def _baseline(walked: Walked, marks: tuple[str, ...]) -> Baseline:
    there = {remote.id for mark in marks for remote in walked.by_mark.get(fold_mark(mark), ())}
    return Baseline(tuple(sorted(there)), walked.count, walked.date, walked.began)


def _date(baseline: Baseline) -> str:
    return "" if baseline.date is None else str(int(baseline.date))


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


def look_before(
    order: Order, first: bool = False
) -> Generator[Effect, Any, Mapping[str, Any] | Outcome | None]:
    """The fields that the document's `before` call keeps, so that a change can be told; None where it has none."""
    kind = order.use.kind
    if not isinstance(kind, Resource) or kind.before is None:
        return None
    call = call_of(order.use.provider, kind.before, Scope(request=order.inputs), headers=NOW)
    answer = yield Request(call, first=first)
    if not isinstance(answer, Answer) or not answer.ok:
        return _unreadable(order, answer)
    if not isinstance(answer.body, Mapping):  # with nothing to compare, everything would count as changed
        said = answer.unreadable or "the answer is no object"
        return _unreadable(order, replace(answer, unreadable=said))
    return {name: answer.body.get(name) for name in kind.before.keep}


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
