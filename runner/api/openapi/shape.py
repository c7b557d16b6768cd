"""The shape of a request body: which fields an object schema has, through `$ref`, `allOf`, `oneOf` and
`anyOf`."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from runner.api.openapi.document import Document
from runner.model.frozen import frozen

Seen = set[int]
"""Identities of the schemas that were looked at: one that comes again says nothing new of the same value."""


@frozen
class Choice:
    """A `oneOf` or `anyOf`, its branches unresolved, and the schema that it stands in."""

    word: str
    branches: tuple[Any, ...]
    schema: Mapping[str, Any] = field(repr=False)

    @property
    def told_apart(self) -> bool:
        """Whether a field of the value names its branch."""
        return isinstance(self.schema.get("discriminator"), Mapping)


@frozen
class Shape:
    """`fields`: name → unresolved schema, of every branch. `required`: those that every instance needs.
    `choices`: the `oneOf`/`anyOf` lists. `closed`: no other field may stand beside these; `open`: any may;
    `rest`: those that fit this schema."""

    fields: Mapping[str, Any]
    required: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    closed: bool = False
    open: bool = False
    rest: Any = None


def shape_of(document: Document, schema: Any, seen: Seen | None = None) -> Shape | None:
    """The shape of an object schema; None for a schema of anything else (a list, a text, nothing known)."""
    seen = set() if seen is None else seen
    resolved = document.resolve(schema)
    if id(resolved) in seen or not is_object(document, resolved):
        return None
    fields: dict[str, Any] = {}
    required: list[str] = []
    choices: list[Choice] = []
    closed, opened, rest = False, False, None
    for part in _conjuncts(document, resolved, seen):
        fields.update(document.mapping(part, "properties"))
        required += [name for name in _required(part) if name not in required]
        more = part.get("additionalProperties")
        closed = closed or more is False or part.get("unevaluatedProperties") is False
        opened = opened or more is True
        if isinstance(more, Mapping):
            opened, rest = (True, rest) if not more else (opened, more)
        for word in ("oneOf", "anyOf"):
            branches = tuple(document.sequence(part, word))
            if branches:
                choices.append(Choice(word, branches, part))
            for branch in branches:
                found = shape_of(document, branch, seen)
                fields = {**(found.fields if found else {}), **fields}
    return Shape(fields, tuple(required), tuple(choices), closed, opened, rest)


def _required(part: Mapping[str, Any]) -> list[str]:
    """The names under `required`; what an older draft writes there (`true`) says nothing."""
    held = part.get("required")
    return [name for name in held if isinstance(name, str)] if isinstance(held, list) else []


def is_object(document: Document, schema: Any, known: dict[int, bool] | None = None) -> bool:
    """Whether only a mapping can fit the schema. `known` are those that were asked of on the way."""
    known = {} if known is None else known
    schema = document.resolve(schema)
    if not isinstance(schema, Mapping):
        return False
    if id(schema) not in known:
        known[id(schema)] = False  # what holds itself is no object for that
        known[id(schema)] = _is_object(document, schema, known)
    return known[id(schema)]


def _is_object(document: Document, schema: Mapping[str, Any], known: dict[int, bool]) -> bool:
    kind = schema.get("type")
    if kind is not None:
        return kind == "object" or (
            isinstance(kind, list) and bool(kind) and all(each in ("object", "null") for each in kind)
        )
    if "properties" in schema or any(
        is_object(document, part, known) for part in document.sequence(schema, "allOf")
    ):
        return True
    for word in ("oneOf", "anyOf"):
        branches = document.sequence(schema, word)
        if branches and all(is_object(document, branch, known) for branch in branches):
            return True
    return False


def _conjuncts(document: Document, schema: Mapping[str, Any], seen: Seen) -> Iterator[Mapping[str, Any]]:
    seen.add(id(schema))
    yield schema
    for part in document.sequence(schema, "allOf"):
        resolved = document.resolve(part)
        if isinstance(resolved, Mapping) and id(resolved) not in seen:
            yield from _conjuncts(document, resolved, seen)


def is_binary(document: Document, schema: Any) -> bool:
    """Whether the schema stands for a file's bytes (3.0: `format: binary`; 3.1: a `contentMediaType` without
    encoding; converted from Swagger: `type: file`), or for a list of them."""
    resolved = document.resolve(schema)
    if not isinstance(resolved, Mapping):
        return False
    if resolved.get("type") == "array":
        return is_binary(document, resolved.get("items"))
    if resolved.get("format") == "binary" or resolved.get("type") == "file":
        return True
    return (
        "contentMediaType" in resolved and "contentEncoding" not in resolved and "properties" not in resolved
    )
