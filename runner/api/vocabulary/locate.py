"""Locations in requests and answers: OpenAPI runtime expressions, and RFC 9535 JSONPath where many are
wanted."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any

from runner.api.openapi.document import pointer_steps
from runner.api.vocabulary.lifedata import Condition
from runner.model.frozen import frozen
from runner.model.http import Answer


class Missing:
    """There is nothing at a location; not the same as a null there."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@frozen
class Scope:
    """What a ref can speak of. `request` are a call's inputs in one mapping (or a notification's body)."""

    request: Mapping[str, Any] = field(default_factory=dict)
    answer: Answer | None = None
    item: Any = MISSING
    part: Any = MISSING
    part_id: str = ""
    id: str = ""
    receipt: str = ""
    auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    session: Mapping[str, str] = field(default_factory=dict, repr=False)
    observed: Mapping[str, Any] = field(default_factory=dict)


Finder = Callable[[Any], Any]
"""Finds a value in a tree, or MISSING; made once of a pointer or a path, as a document tells it."""


def locate(ref: str, scope: Scope) -> Any:
    """The value at a ref, or MISSING. ValueError for a text that is no ref."""
    return _reader(ref)(scope)


@lru_cache(maxsize=1024)
def _reader(ref: str) -> Callable[[Scope], Any]:
    head, _, pointer = ref.partition("#")
    if head == "$response.body":
        return _in_body(pointer)
    if head in _TREES:
        tree, follow = _TREES[head], _pointed(pointer)
        return lambda scope: follow(tree(scope))
    if ref in _IDS:
        named = _IDS[ref]
        return lambda scope: named(scope) or MISSING
    source, _, name = ref.partition(".")
    if source == "$response" and name.startswith("header."):
        header = name[7:].lower()
        return lambda scope: (scope.answer.headers if scope.answer else {}).get(header, MISSING)
    if source == "$request":
        place, _, name = name.partition(".")
        own = f"{name}_{place}"
        return lambda scope: scope.request.get(own, scope.request.get(name, MISSING))
    if source not in _HELD:
        raise ValueError(f"{ref!r} is no location")
    held = _HELD[source]
    return lambda scope: held(scope).get(name, MISSING)


def _in_body(pointer: str) -> Callable[[Scope], Any]:
    follow = _pointed(pointer)
    return lambda scope: follow(scope.answer.body) if scope.answer is not None else MISSING


_TREES: Mapping[str, Callable[[Scope], Any]] = {
    "$item": lambda scope: scope.item,
    "$part": lambda scope: scope.part,
    "$request.body": lambda scope: scope.request,
}
_IDS: Mapping[str, Callable[[Scope], str]] = {
    "$id": lambda scope: scope.id,
    "$receipt": lambda scope: scope.receipt,
    "$part.id": lambda scope: scope.part_id,
}
_HELD: Mapping[str, Callable[[Scope], Mapping[str, Any]]] = {
    "$auth": lambda scope: scope.auth,
    "$session": lambda scope: scope.session,
    "$observed": lambda scope: scope.observed,
}


def in_item(ref: str) -> Finder:
    """What finds the value at a ref in an item of a list, for whoever looks at many items."""
    head, _, pointer = ref.partition("#")
    if head == "$item":
        return _pointed(pointer)
    return lambda item: locate(ref, Scope(item=item))


def at_pointer(value: Any, pointer: str) -> Any:
    """The value at a JSON Pointer into a tree of mappings and lists, or MISSING."""
    return _pointed(pointer)(value)


@lru_cache(maxsize=1024)
def _pointed(pointer: str) -> Finder:
    steps = tuple((step, int(step) if step.isdecimal() else -1) for step in pointer_steps(pointer))
    first = steps[0][0] if steps else ""

    def field(value: Any) -> Any:
        return value.get(first, MISSING) if type(value) is dict else follow(value)

    def follow(value: Any) -> Any:
        for name, place in steps:
            if isinstance(value, _MAPPINGS):
                value = value.get(name, MISSING)
            elif isinstance(value, _LISTS) and 0 <= place < len(value):
                value = value[place]
            else:
                return MISSING
        return value

    return field if len(steps) == 1 else follow  # nearly all are a field of an answer


# A plain dict is told at once; the look into the registry of an abstract class is for all others.
_MAPPINGS = (dict, Mapping)
_LISTS = (list, tuple)


_QUICK = re.compile(r"\$(?:\[\*\]|\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_STEP = re.compile(r"\[\*\]|\.([A-Za-z_][A-Za-z0-9_]*)")


def find_all(path: str, value: Any) -> list[Any]:
    """Every value that an RFC 9535 JSONPath selects, in order. ValueError for a text that is no JSONPath."""
    steps = plain_steps(path)
    if steps is None:
        return [node.value for node in _compiled(path).find(value)]
    found = [value]
    for step in steps:
        if step:
            found = [held[step] for held in found if isinstance(held, _MAPPINGS) and step in held]
        elif len(found) == 1 and isinstance(found[0], list):
            found = list(found[0])
        else:
            found = [child for held in found for child in _children(held)]
    return found


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, _MAPPINGS):
        return list(value.values())
    return value if isinstance(value, _LISTS) else ()


@lru_cache(maxsize=256)
def plain_steps(path: str) -> tuple[str, ...] | None:
    """The steps of a plain path (names, and an empty text for `[*]`), which need no JSONPath engine."""
    if not _QUICK.match(path):
        return None
    return tuple(match[1] or "" for match in _STEP.finditer(path))


@lru_cache(maxsize=256)
def _compiled(path: str) -> Any:
    import jsonpath_rfc9535

    try:
        return jsonpath_rfc9535.compile(path)
    except jsonpath_rfc9535.JSONPathError as error:
        raise ValueError(f"{path!r} is no JSONPath: {error}") from error


def holds(conditions: Sequence[Condition], scope: Scope, fold: bool = False) -> bool:
    """Whether any one of the conditions is true; with `fold`, texts compare without case."""
    for condition in conditions:  # noqa: SIM110 — a generator would cost as much as the look itself
        if _holds(condition, scope, fold):
            return True
    return False


def _holds(condition: Condition, scope: Scope, fold: bool) -> bool:
    if condition.all:
        body = scope.answer.body if scope.answer else None
        found = find_all(condition.all, body)
        return bool(found) and all(among(value, condition.among or (), fold) for value in found)
    value = locate(condition.at, scope)
    if condition.present is not None:
        return (value is not MISSING and value is not None) == condition.present
    return value is not MISSING and among(value, condition.among or (), fold)


def among(value: Any, allowed: Sequence[Any], fold: bool = False) -> bool:
    """Membership as documents mean it: 100 is 100.0, but true is not 1 and "100" is not 100."""
    if type(value) is str and not fold:
        return value in allowed  # a text equals nothing but a text
    for other in allowed:  # noqa: SIM110 — as above
        if _same(value, other, fold):
            return True
    return False


def _same(left: Any, right: Any, fold: bool) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if fold and isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return bool(left == right)
