"""Inputs that an `x-runner` object names must be inputs of the operation that they are sent to."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.api.openapi.document import Document, pointer_steps
from runner.api.openapi.operation import WHOLE_BODY, Operation, Target, read_operation
from runner.api.openapi.parse import Steps
from runner.api.openapi.shape import shape_of
from runner.model.problem import Problem

Claim = tuple[Steps, str, str]
"""Where a name is written, the operation it is for, and the name (a pointer's first step)."""


def input_problems(
    raw: Mapping[str, Any], document: Document, index: Mapping[str, Target], source: Document, steps: Steps
) -> list[Problem]:
    """Every name of an input that its operation does not have, at its place in `source`."""
    known: dict[str, set[str] | None] = {}
    problems = []
    for at, operation, name in (*_sent(raw, ()), *_claimed(raw)):
        if operation not in index:
            continue
        if operation not in known:
            known[operation] = _inputs(read_operation(document, operation, index[operation]))
        names = known[operation]
        if names is not None and name not in names:
            said = f"{'/'.join(map(str, at))}: {operation} has no input {name}"
            problems.append(source.problem("bad-x-runner", said, (*steps, *at)))
    return problems


def _inputs(operation: Operation) -> set[str] | None:
    """The names of an operation's inputs; None where its body takes any."""
    names = {parameter.input for parameter in operation.parameters}
    for form in operation.media:
        shape = shape_of(operation.document, form.schema)
        if shape is None:
            names.add(WHOLE_BODY)
        elif shape.fields:
            names |= set(shape.fields)
        else:
            return None
    return names


def _sent(value: Any, at: Steps) -> Iterator[Claim]:
    """What calls and lists send, and the parameters that page a list."""
    if isinstance(value, list):
        for position, child in enumerate(value):
            yield from _sent(child, (*at, position))
    if not isinstance(value, Mapping):
        return
    operation = value.get("operation")
    if isinstance(operation, str):
        for name in value.get("send", {}):
            yield (*at, "send", name), operation, _first(name)
        for key in ("param", "size"):
            if key in value.get("page", {}):
                yield (*at, "page", key), operation, value["page"][key]
        if "mark" in value and "items" in value:
            yield (*at, "mark"), operation, value["mark"]
        if "many" in value:
            yield (*at, "many"), operation, _first(value["many"])
    for key, child in value.items():
        yield from _sent(child, (*at, key))


def _claimed(raw: Mapping[str, Any]) -> Iterator[Claim]:
    """The fields of a create that carry a mark, are compared, or are shared by a workbook."""
    for name, resource in raw.get("resources", {}).items():
        create = resource.get("create", {}).get("operation")
        if create is None:
            continue
        at: Steps = ("resources", name)
        find = resource.get("delivery", {}).get("find", {})
        yield from _field((*at, "delivery", "find"), create, find)
        for compared in find.get("compare", {}):
            yield (*at, "delivery", "find", "compare", compared), create, _first(compared)
        hook = resource.get("delivery", {}).get("webhook", {})
        yield from _field((*at, "delivery", "webhook"), create, hook)
        yield from _field((*at, "webhook"), create, resource.get("webhook", {}))
        for position, taken in enumerate(resource.get("update", {}).get("takes", ())):
            yield (*at, "update", "takes", position), create, taken
        bulk = resource.get("bulk", {})
        yield from _field((*at, "bulk"), bulk.get("operation", ""), bulk)
        for position, shared in enumerate(bulk.get("same", ())):
            yield (*at, "bulk", "same", position), create, shared
        for position, ref in enumerate(resource.get("exclusive", ())):
            if ref.startswith(("$request.path.", "$request.query.")):
                yield (*at, "exclusive", position), create, ref.split(".", 2)[2]


def _field(at: Steps, operation: str, raw: Mapping[str, Any]) -> Iterator[Claim]:
    if "field" in raw:
        yield (*at, "field"), operation, _first(raw["field"])


def _first(name: str) -> str:
    return pointer_steps(name)[0] if name.startswith("/") and len(name) > 1 else name
