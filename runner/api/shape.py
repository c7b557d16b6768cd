"""The shape of a request body: which fields an object schema has, through `$ref`, `allOf`, `oneOf` and
`anyOf`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.api.document import Document

DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """`fields`: name → unresolved schema, of every branch. `required`: those that every instance needs.
    `choices`: the `oneOf`/`anyOf` lists, unresolved. `closed`: no other field may stand beside these."""

    fields: Mapping[str, Any]
    required: tuple[str, ...] = ()
    choices: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    closed: bool = False
    rest: Any = None


def shape_of(document: Document, schema: Any, depth: int = 0) -> Shape | None:
    """The shape of an object schema; None for a schema of anything else (a list, a text, nothing known)."""
    resolved = document.resolve(schema)
    if depth > DEEPEST or not is_object(document, resolved):
        return None
    fields: dict[str, Any] = {}
    required: list[str] = []
    choices: list[tuple[str, tuple[Any, ...]]] = []
    closed, rest = False, None
    for part in _conjuncts(document, resolved, 0):
        fields.update(document.mapping(part, "properties"))
        required += [name for name in document.names(part, "required") if name not in required]
        closed = (
            closed or part.get("additionalProperties") is False or part.get("unevaluatedProperties") is False
        )
        if isinstance(part.get("additionalProperties"), Mapping):
            rest = part["additionalProperties"]
        for word in ("oneOf", "anyOf"):
            branches = tuple(document.sequence(part, word))
            if branches:
                choices.append((word, branches))
            for branch in branches:
                found = shape_of(document, branch, depth + 1)
                fields = {**(found.fields if found else {}), **fields}
    return Shape(fields, tuple(required), tuple(choices), closed, rest)


def is_object(document: Document, schema: Any, depth: int = 0) -> bool:
    """Whether only a mapping can fit the schema."""
    schema = document.resolve(schema)
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return False
    kind = schema.get("type")
    if kind is not None:
        return kind == "object" or (
            isinstance(kind, list) and all(each in ("object", "null") for each in kind)
        )
    if "properties" in schema or any(
        is_object(document, part, depth + 1) for part in document.sequence(schema, "allOf")
    ):
        return True
    for word in ("oneOf", "anyOf"):
        branches = document.sequence(schema, word)
        if branches and all(is_object(document, branch, depth + 1) for branch in branches):
            return True
    return False


def _conjuncts(document: Document, schema: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    yield schema
    if depth < DEEPEST:
        for part in document.sequence(schema, "allOf"):
            resolved = document.resolve(part)
            if isinstance(resolved, Mapping):
                yield from _conjuncts(document, resolved, depth + 1)


def is_binary(document: Document, schema: Any) -> bool:
    """Whether the schema stands for a file's bytes (3.0: `format: binary`; 3.1: a `contentMediaType` without
    encoding), or for a list of them."""
    resolved = document.resolve(schema)
    if not isinstance(resolved, Mapping):
        return False
    if resolved.get("type") == "array":
        return is_binary(document, resolved.get("items"))
    if resolved.get("format") == "binary":
        return True
    return (
        "contentMediaType" in resolved and "contentEncoding" not in resolved and "properties" not in resolved
    )
