"""What became of an update whose answer was lost: the thing itself is looked at, before and after."""

from collections.abc import Generator, Mapping
from typing import Any

from runner.api.lifecycles.concluding import received, settling_note
from runner.api.lifecycles.effects import Effect, Outcome, Request, Until
from runner.api.lifecycles.order import Order, Target, View
from runner.api.lifecycles.removing import GONE
from runner.api.lifecycles.search import MOST_FAILURES, Search, doubt
from runner.api.messages.encode import call_of
from runner.api.messages.fresh import NOW, age_of
from runner.api.messages.reading import read_answer
from runner.api.vocabulary.lifedata import Resource
from runner.api.vocabulary.locate import Scope
from runner.model.event import Intended
from runner.model.http import Answer, Call

PLAIN = (str, int, float, bool)
MOST_GONE = 3
"""So often in a row the thing may not be there before a person must say what is to become of its update."""

NOT_SHOWN = ("sha256:", "secret:")
"""How inputs stand in the journal that no API shows again: files by their content, secrets by their names."""


def look_at_call(order: Order, target: Target) -> Call | None:
    """The call that shows what is about to be changed; None where a lost update is just sent again, and where nothing
    shows it."""
    kind = order.use.kind
    if not isinstance(kind, Resource) or kind.read is None or (order.repeat == "safe" and kind.fresh is None):
        return None
    return call_of(order.use.provider, kind.read, Scope(request=order.inputs, id=target.id), headers=NOW)


def seen_of(order: Order, target: Target, answer: Answer) -> dict[str, Any]:
    """The fields by which the effect is told: those that the document calls fresh, else the inputs that are changed."""
    kind = order.use.kind
    assert isinstance(kind, Resource)
    outputs = read_answer(order.use, answer, order.inputs, id=target.id).outputs
    if kind.fresh is not None:
        return {name: outputs.get(name) for name in kind.fresh.differs}
    return {name: outputs[name] for name in target.names if name in outputs}


def search_update(
    order: Order, view: View, intent: Intended, search: Search, target: Target
) -> Generator[Effect, Any, Outcome | None]:
    """The outcome of a lost update; None when two looks, so late that an effect would show, found all as it was."""
    kind, name = order.use.kind, order.use.provider.name
    assert isinstance(kind, Resource)
    before = _telling(kind, intent.before or {}, order.inputs)
    if kind.read is None or not before:
        return (yield from doubt(order, f"its answer was lost, and {name} does not show what it changed"))
    call = call_of(order.use.provider, kind.read, Scope(request=order.inputs, id=target.id), headers=NOW)
    if search.alive is None:
        search.alive = view.monotonic()
    yield settling_note(order, "looking whether the update had its effect")
    unchanged = gone = 0
    while search.failures < MOST_FAILURES:
        began = view.monotonic()
        answer = yield Request(call)
        if isinstance(answer, Answer) and answer.ok and not answer.unreadable:
            search.failures = 0
            reading = read_answer(order.use, answer, order.inputs, id=target.id)
            worked_on = kind.fresh is not None and reading.outcome == "running"
            if worked_on or any(reading.outputs.get(one) != was for one, was in before.items()):
                return (yield from received(order, intent, reading, "adopted"))
            shown_at = began - age_of(answer)
            unchanged = unchanged + 1 if shown_at >= search.alive + order.settle.effect else 0
            if unchanged >= 2:
                search.absent = True
                return None
        elif isinstance(answer, Answer) and answer.status in GONE:
            gone += 1
            if gone >= MOST_GONE:
                return (
                    yield from doubt(order, f"its answer was lost, and {name} no longer knows {target.id}")
                )
        else:
            search.failures += 1
        pause = max(order.settle.lag, 1e-3)
        yield Until(view.monotonic() + pause, "looking again whether the update had its effect")
    return Outcome("failed", f"{name} cannot be asked what became of it; the next apply looks again")


def _telling(kind: Resource, before: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that tell whether it was done: of inputs those which an API shows as they were sent, and which did not
    have their new value before."""
    if kind.fresh is not None:
        return dict(before)
    return {
        name: was
        for name, was in before.items()
        if type(inputs.get(name)) in PLAIN
        and not str(inputs[name]).startswith(NOT_SHOWN)
        and inputs[name] != was
    }
