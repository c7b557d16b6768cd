"""Parts of a lost call: each looked for by its own mark.

All found: the call is adopted. None found, by the rule of absence: it was never done. Some found and the others not,
once a late effect would show: a person must say, since the same call cannot be sent in part.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from runner.api.lifecycles.concluding import received, settling_note
from runner.api.lifecycles.effects import Effect, Outcome, Until, Walked
from runner.api.lifecycles.order import Order, View
from runner.api.lifecycles.search import (
    MOST_SHORT,
    Search,
    candidates,
    doubt,
    late_enough,
    lossy,
    next_look,
    read_list,
    second_look,
    unproven,
)
from runner.api.messages.reading import Reading
from runner.model.event import Intended
from runner.model.part import PartReceipt


def search_parts(
    order: Order, view: View, intent: Intended, search: Search, accepted: bool
) -> Generator[Effect, Any, Outcome | None]:
    """The outcome of the search; None when the whole call is shown to be absent."""
    assert order.collection is not None
    name = order.use.provider.name
    yield settling_note(order, "looking for the parts of a call whose answer was lost")
    found: dict[int, PartReceipt] = {}
    while True:
        walked = yield from read_list(order.collection, view, search, name, order.settle.lag)
        if isinstance(walked, Outcome):
            return walked
        several = _look(order, view, intent, walked, found)
        if several:
            return (yield from doubt(order, f"several things carry the name {several!r}"))
        if len(found) == len(intent.marks):
            parts = tuple(found[index] for index in sorted(found))
            return (yield from received(order, intent, Reading("", "", "running"), "adopted", parts))
        if search.begin(walked):
            yield settling_note(order, "waiting until late parts would show", search.since_here)
        if lossy(search, walked):
            if search.short >= MOST_SHORT:
                return (yield from doubt(order, walked.shortfall))
        elif late_enough(order, search, walked) and second_look(order, search, walked):
            if found or accepted:
                ids = tuple(part.id for part in found.values())
                reason = f"{len(found)} of its {len(intent.marks)} parts are there"
                return (yield from doubt(order, reason, ids))
            for mark in intent.marks:
                said, ids = unproven(order, view, replace(intent, mark=mark), walked)
                if said:
                    return (yield from doubt(order, said, ids))
            search.shown_absent(walked.began)
            return None
        yield Until(next_look(order, view, search), "looking again for the parts of a lost answer")


def _look(order: Order, view: View, intent: Intended, walked: Walked, found: dict[int, PartReceipt]) -> str:
    """Take what a walk shows; returns a mark that several things carry."""
    for place, mark in enumerate(intent.marks):
        index = intent.parts[place] if place < len(intent.parts) else place
        if index in found:
            continue
        there = candidates(order, view, replace(intent, mark=mark), walked)
        if len(there) > 1:
            return mark
        if there:
            found[index] = PartReceipt(index=index, id=there[0].id, mark=mark, name=there[0].mark)
    return ""
