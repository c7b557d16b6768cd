"""Parts: one request that makes many results, each with its own mark, identity, status and file."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from runner.api.lifecycles.marks import fold_mark, mark_in, minted_mark
from runner.api.lifecycles.order import Order, View
from runner.api.messages.reading import Outcome, id_text
from runner.api.vocabulary.lifedata import Condition, FindSpec, Parts, Resource, StatusSpec
from runner.api.vocabulary.locate import MISSING, Scope, among, at_pointer, find_all, locate
from runner.model.frozen import frozen
from runner.model.http import Answer
from runner.model.part import PartReceipt, PartState


@frozen
class PartReading:
    """What one part of an answer says: `outputs` are its own fields."""

    id: str
    name: str
    status: str
    outcome: Outcome
    message: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)


def parts_of(order: Order) -> Parts | None:
    """How the requests of this order make many results; None where one makes one."""
    return order.use.kind.parts if isinstance(order.use.kind, Resource) else None


def wanted(spec: Parts, inputs: Mapping[str, Any]) -> list[Any]:
    """The parts that the manifest asks for, in its order."""
    found = at_pointer(inputs, spec.request)
    return list(found) if isinstance(found, list | tuple) else []


def only(spec: Parts, inputs: Mapping[str, Any], indexes: Sequence[int]) -> dict[str, Any]:
    """The inputs with the parts at these places alone; no places at all: every part."""
    if not indexes:
        return dict(inputs)
    every = wanted(spec, inputs)
    return _with_list(inputs, spec.request, [every[index] for index in indexes if index < len(every)])


def marked(
    order: Order, view: View, inputs: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...], bool]:
    """The inputs with a mark in each part, those marks, and whether every one of them was minted here."""
    spec, find = parts_of(order), order.delivery.find
    if spec is None or find is None or _inner(spec, find) == "":
        return dict(inputs), (), False
    name = _inner(spec, find)
    made, marks, minted = [], [], True
    for index, part in enumerate(wanted(spec, inputs)):
        given = mark_in(part, f"/{name}") if isinstance(part, Mapping) else ""
        mark = given
        if not given or order.append:
            mark = minted_mark(f"{order.address} {index}", view.mint(), find.limit, given)
        else:
            minted = False
        marks.append(mark)
        made.append({**part, name: mark} if isinstance(part, Mapping) else part)
    return _with_list(inputs, spec.request, made), tuple(marks), minted


def _inner(spec: Parts, find: FindSpec) -> str:
    """The field of a part that carries its mark; empty when the mark stands elsewhere."""
    lead = f"{spec.request}/*/"
    return find.field[len(lead) :] if find.field.startswith(lead) else ""


def _with_list(inputs: Mapping[str, Any], pointer: str, parts: list[Any]) -> dict[str, Any]:
    steps = pointer.strip("/").split("/")
    made = dict(inputs)
    inner = made
    for step in steps[:-1]:
        inner[step] = dict(inner[step])
        inner = inner[step]
    inner[steps[-1]] = parts
    return made


def receipts(
    use_kind: Resource, answer: Answer, indexes: Sequence[int], marks: Sequence[str]
) -> tuple[PartReceipt, ...]:
    """The identities in the answer to a create, matched by their place; `indexes`: the places that were sent. None of
    them where the answer tells of fewer, and only it can: the others are looked for."""
    spec = use_kind.parts
    if spec is None:
        return ()
    found: list[PartReceipt] = []
    for place, part in enumerate(find_all(spec.response, answer.body)):
        scope = Scope(answer=answer, part=part, item=part)
        id = id_text(locate(spec.id, scope))
        if not id:
            return ()
        name = locate(spec.name, scope) if spec.name else MISSING
        found.append(
            PartReceipt(
                index=indexes[place] if place < len(indexes) else place,
                id=id,
                mark=marks[place] if place < len(marks) else "",
                name="" if name is MISSING or name is None else str(name),
            )
        )
    if spec.read is not None and len({part.id for part in found}) < len(indexes):
        return ()
    return tuple(found)


def read_parts(kind: Resource, body: Any) -> tuple[PartReading, ...]:
    """The parts as an answer to `read` shows them all; none where each part is read alone."""
    spec = kind.parts
    if spec is None or spec.read is not None or kind.status is None:
        return ()
    return tuple(_reading(spec, kind.status, part) for part in find_all(spec.response, body))


def _reading(spec: Parts, status: StatusSpec, part: Any) -> PartReading:
    scope = Scope(part=part, item=part, answer=Answer(200, body=part))
    name = locate(spec.name, scope) if spec.name else MISSING
    word = locate(status.part, scope) if status.part else MISSING
    text = "" if word is MISSING or word is None else str(word)
    message = locate(status.message, scope) if status.message else MISSING
    return PartReading(
        id=id_text(locate(spec.id, scope)),
        name="" if name is MISSING or name is None else str(name),
        status=text,
        outcome=_outcome(status, text),
        message="" if message is MISSING or message is None else str(message),
        outputs=dict(part) if isinstance(part, Mapping) else {},
    )


def _outcome(status: StatusSpec, word: str) -> Outcome:
    """A part's status by the words that the document gives for the whole."""
    if _says(status.failed, word, status.fold):
        return "failed"
    if _says(status.ready, word, status.fold):
        return "ready"
    return "stalled" if among(word, status.looks_failed, True) else "running"


def _says(conditions: Sequence[Condition], word: str, fold: bool) -> bool:
    return any(one.among is not None and among(word, one.among, fold) for one in conditions)


def part_name(kind: Resource, outputs: Mapping[str, Any]) -> str:
    """The name by which people know a part, out of what was read of it."""
    if kind.parts is None or not kind.parts.name:
        return ""
    name = locate(kind.parts.name, Scope(part=outputs, item=outputs, answer=Answer(200, body=outputs)))
    return "" if name is MISSING or name is None else str(name)


def place_of(parts: Sequence[PartState], name: str, otherwise: int) -> int:
    """The place of the part whose mark a name repeats: nobody says that an answer keeps the order of the request."""
    places = [part.index for part in parts if part.mark and fold_mark(part.mark) == fold_mark(name)]
    return places[0] if len(places) == 1 else otherwise


def all_ended(parts: Sequence[PartState]) -> bool:
    """Whether there is nothing left to wait for."""
    return bool(parts) and all(part.ended for part in parts)


def whole_outcome(parts: Sequence[PartState]) -> tuple[Outcome, str]:
    """What the ends of the parts mean for the whole: ready when each is; and why not."""
    bad = [part for part in parts if part.outcome != "ready"]
    if not bad:
        return "ready", ""
    words = [
        f"{part.name or part.id or part.index}: {part.message or part.status or part.outcome}" for part in bad
    ]
    outcome: Outcome = "failed" if any(part.outcome == "failed" for part in bad) else "stalled"
    more = "; …" if len(bad) > 3 else ""
    return outcome, f"{len(bad)} of {len(parts)} parts {outcome} ({'; '.join(words[:3])}{more})"


def failed_places(parts: Sequence[PartState]) -> tuple[int, ...]:
    """The places that a retry asks for: those that did not get ready, when others did; empty: all of them."""
    bad = tuple(part.index for part in parts if part.outcome != "ready")
    return bad if len(bad) < len(parts) else ()
