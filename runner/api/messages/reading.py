"""What an answer, or an item of a list, says about a resource: its id, where it stands, its outputs and its
price."""

import math
import re
from collections.abc import Mapping
from dataclasses import field
from sys import intern
from typing import Any, Literal

from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Identity, Resource, StatusSpec
from runner.api.vocabulary.locate import MISSING, Scope, among, find_all, holds, locate
from runner.model.frozen import frozen
from runner.model.http import Answer

Outcome = Literal["running", "ready", "failed", "stalled"]


@frozen
class Reading:
    """`id` is empty where the answer does not tell it. `status` is the API's own word, for people. `cost` is
    in `unit`, and None where the answer does not tell it."""

    id: str
    status: str
    outcome: Outcome
    message: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None
    unit: str = ""


def read_answer(use: Use, answer: Answer, request: Mapping[str, Any] = {}, *, id: str = "") -> Reading:
    """Reads the answer to a create, a read, or an action. `request` are the inputs that were sent; `id` is
    what is known already, for answers that do not repeat it."""
    scope = Scope(request=request, answer=answer, id=id)
    kind = use.kind
    if not isinstance(kind, Resource):
        outputs = outputs_of(answer, kind.outputs, scope)
        return Reading(id, "", "ready", outputs=outputs)
    found = identity(kind.id, scope) if kind.id else ""
    return _reading(scope, kind, id or found)


def read_item(use: Use, id: str, item: Any) -> Reading:
    """Reads an item of a list, as if it were the body of an answer; `id` is the item's own."""
    assert isinstance(use.kind, Resource), "only resources stand in lists"
    scope = Scope(answer=Answer(200, {}, item), item=item, id=id)
    return _reading(scope, use.kind, id)


def identity(spec: Identity, scope: Scope) -> str:
    """The id at its location, or its part that the pattern's first group holds; empty when there is none."""
    found = id_text(locate(spec.at, scope))
    if not spec.match or not found:
        return found
    matched = re.search(spec.match, found)
    return matched[1] or "" if matched else ""


def id_text(value: Any) -> str:
    """An id as text: numbers are ids too, everything else is none."""
    if type(value) is str:
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def outcome_of(spec: StatusSpec | None, scope: Scope) -> Outcome:
    """Where it stands. What needs no waiting is ready at once; an unknown word is running."""
    if spec is None:
        return "ready"
    if holds(spec.failed, scope, spec.fold):
        return "failed"
    if holds(spec.ready, scope, spec.fold):
        return "ready"
    return "stalled" if among(locate(spec.at, scope), spec.looks_failed, fold=True) else "running"


def outputs_of(answer: Answer, named: Mapping[str, Any], scope: Scope, envelope: str = "") -> dict[str, Any]:
    """The fields of the answer under their own names (a list stands in `list`, any other value in `value`),
    and the named outputs that are there. `envelope` is where the fields stand."""
    body = locate(envelope, scope) if envelope else answer.body
    found: dict[str, Any] = {}
    if isinstance(body, (dict, Mapping)):
        for name, held in body.items():
            # Thousands of answers have the same few fields: their names are kept once.
            found[intern(name) if type(name) is str else name] = held
    elif isinstance(body, list):
        found["list"] = body
    elif body is not MISSING and body is not None:
        found["value"] = body
    for name, source in named.items():
        if not isinstance(source, str):
            continue  # the text of a download, which is read only when an expression names it
        if source == "$" or source.startswith(("$.", "$[")):
            found[name] = find_all(source, answer.body)
        elif (value := locate(source, scope)) is not MISSING:
            found[name] = value
    return found


def _reading(scope: Scope, resource: Resource, id: str) -> Reading:
    assert scope.answer is not None
    spec = resource.status
    status = _text(locate(spec.at, scope)) if spec else ""
    outputs = outputs_of(scope.answer, resource.outputs, scope, resource.body)
    if id:
        outputs["id"] = id
    if spec and status:
        outputs["status"] = status
    message = _text(locate(spec.message, scope)) if spec and spec.message else ""
    cost = _cost(resource, scope)
    unit = resource.cost.unit if resource.cost and cost is not None else ""
    return Reading(id, status, outcome_of(spec, scope), message, outputs, cost, unit)


def _cost(resource: Resource, scope: Scope) -> float | None:
    if resource.cost is None or not resource.cost.paid:
        return None
    return number(locate(resource.cost.paid, scope))


def number(value: Any) -> float | None:
    """A finite number, also one that is written as text; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _text(value: Any) -> str:
    if value is MISSING or value is None or isinstance(value, Mapping | list):
        return ""
    return str(value)
