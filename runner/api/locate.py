"""Locations in requests and answers: OpenAPI runtime expressions, and RFC 9535 JSONPath where many are
wanted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from runner.api.document import pointer_steps
from runner.api.lifedata import Condition
from runner.model.http import Answer


class Missing:
    """There is nothing at a location; not the same as a null there."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@dataclass(frozen=True, slots=True)
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


def locate(ref: str, scope: Scope) -> Any:
    """The value at a ref, or MISSING. ValueError for a text that is no ref."""
    head, _, pointer = ref.partition("#")
    if head == "$response.body":
        return at_pointer(scope.answer.body if scope.answer else MISSING, pointer)
    if head == "$item":
        return at_pointer(scope.item, pointer)
    if head == "$part":
        return at_pointer(scope.part, pointer)
    if head == "$request.body":
        return at_pointer(scope.request, pointer)
    if ref in ("$id", "$receipt", "$part.id"):
        return {"$id": scope.id, "$receipt": scope.receipt, "$part.id": scope.part_id}[ref] or MISSING
    source, _, name = ref.partition(".")
    if source == "$response" and name.startswith("header."):
        return (scope.answer.headers if scope.answer else {}).get(name[7:].lower(), MISSING)
    if source == "$request":
        place, _, name = name.partition(".")
        return scope.request.get(f"{name}_{place}", scope.request.get(name, MISSING))
    held: Mapping[str, Any] | None
    held = {"$auth": scope.auth, "$session": scope.session, "$observed": scope.observed}.get(source)
    if held is None:
        raise ValueError(f"{ref!r} is no location")
    return held.get(name, MISSING)


def at_pointer(value: Any, pointer: str) -> Any:
    """The value at a JSON Pointer into a tree of mappings and lists, or MISSING."""
    for step in pointer_steps(pointer):
        if isinstance(value, Mapping):
            value = value.get(step, MISSING)
        elif isinstance(value, list | tuple) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


_QUICK = re.compile(r"\$(?:\[\*\]|\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_STEP = re.compile(r"\[\*\]|\.([A-Za-z_][A-Za-z0-9_]*)")


def find_all(path: str, value: Any) -> list[Any]:
    """Every value that an RFC 9535 JSONPath selects, in order. ValueError for a text that is no JSONPath."""
    steps = _quick_steps(path)
    if steps is None:
        return [node.value for node in _compiled(path).find(value)]
    found = [value]
    for step in steps:
        if step:
            found = [held[step] for held in found if isinstance(held, Mapping) and step in held]
        else:
            found = [child for held in found for child in _children(held)]
    return found


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list | tuple) else ()


@lru_cache(maxsize=256)
def _quick_steps(path: str) -> tuple[str, ...] | None:
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
    return any(_holds(condition, scope, fold) for condition in conditions)


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
    return any(_same(value, other, fold) for other in allowed)


def _same(left: Any, right: Any, fold: bool) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if fold and isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return bool(left == right)
