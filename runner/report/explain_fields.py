"""A JSON Schema of inputs as fields that a person can read: names, types, values, defaults, what is inside."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.model.frozen import frozen

_KINDS = {
    "string": "text", "number": "number", "integer": "whole number", "boolean": "true or false",
    "object": "mapping", "array": "list", "null": "null",
}  # fmt: skip
_LIMITS = (
    ("minimum", "from {}"), ("exclusiveMinimum", "above {}"), ("maximum", "up to {}"), ("exclusiveMaximum", "below {}"),
    ("minLength", "at least {} characters"), ("maxLength", "at most {} characters"), ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"), ("pattern", "matching {}"), ("multipleOf", "in steps of {}"),
)  # fmt: skip
_PARTS = ("allOf", "anyOf", "oneOf")
_DEEPEST = 12


@frozen
class Field:
    """`kind` in words (`list of mappings`); `values` are those of an enum; `limits` in words; `inside` says whether
    there are fields in it."""

    name: str
    kind: str
    required: bool
    description: str = ""
    default: Any = None
    has_default: bool = False
    values: tuple[Any, ...] = ()
    limits: tuple[str, ...] = ()
    inside: bool = False

    def json(self) -> dict[str, Any]:
        """For programs."""
        made: dict[str, Any] = {"name": self.name, "type": self.kind, "required": self.required}
        if self.description:
            made["description"] = self.description
        if self.values:
            made["enum"] = list(self.values)
        if self.has_default:
            made["default"] = self.default
        if self.limits:
            made["limits"] = list(self.limits)
        return made


@frozen
class Node:
    """A schema, and the whole one whose `$defs` it refers to."""

    schema: Any
    root: Mapping[str, Any]

    def fields(self) -> tuple[Field, ...]:
        """What may stand inside: required ones first, else in the document's order."""
        required = self._required()
        found = [_field(name, Node(held, self.root), name in required) for name, held in self._inside()]
        return tuple(sorted(found, key=lambda field: not field.required))

    def child(self, name: str) -> "Node | None":
        """The field of that name."""
        return next((Node(held, self.root) for known, held in self._inside() if known == name), None)

    def _inside(self) -> list[tuple[str, Any]]:
        found: dict[str, Any] = {}
        for part in self._parts():
            if "properties" in part:
                for name, held in part["properties"].items():
                    known = found.get(name)
                    if known is None or (isinstance(held, Mapping) and set(known) <= {"enum"}):
                        found[name] = held
            for word in ("items", "additionalProperties"):
                held = part.get(word)
                if isinstance(held, Mapping) and held and not found:
                    found.update(Node(held, self.root)._inside())
        return list(found.items())

    def _required(self) -> set[str]:
        """Fields that every value needs, in whichever form."""
        found: set[str] = set()
        for part in self._parts(("allOf",)):
            found.update(part.get("required", ()))
            for word in ("items", "additionalProperties"):
                if isinstance(part.get(word), Mapping) and "properties" not in part:
                    found |= Node(part[word], self.root)._required()
        return found

    def _parts(self, words: tuple[str, ...] = _PARTS, depth: int = 0) -> Iterator[Mapping[str, Any]]:
        """The schema and what it is made of, references followed."""
        held = self.schema
        if not isinstance(held, Mapping) or depth > _DEEPEST:
            return
        yield held
        ref = held.get("$ref")
        inner: list[Any] = [self._target(ref)] if isinstance(ref, str) else []
        for word in words:
            inner += held.get(word, ())
        inner += [held["then"]] if "then" in held and len(words) > 1 else []
        for part in inner:
            yield from Node(part, self.root)._parts(words, depth + 1)

    def _target(self, ref: str) -> Any:
        return self.root.get("$defs", {}).get(ref.removeprefix("#/$defs/"), {})

    def references(self) -> list[Any]:
        """The shared schemas that it is made of, by which one that holds itself is known."""
        parts = list(self._parts())
        for part in list(parts):
            for word in ("items", "additionalProperties"):
                parts += Node(part.get(word), self.root)._parts()
        return [self.root["$defs"][name] for name in self._shared(parts)]

    def _shared(self, parts: list[Mapping[str, Any]]) -> list[str]:
        refs = [part["$ref"] for part in parts if isinstance(part.get("$ref"), str)]
        names = [ref.removeprefix("#/$defs/") for ref in refs]
        return [name for name in names if name in self.root.get("$defs", {})]

    def word(self, key: str) -> Any:
        """The first that the schema says under a keyword."""
        return next((part[key] for part in self._parts() if key in part), None)

    def described(self, name: str, required: bool) -> Field:
        """The node itself as a field."""
        return _field(name, self, required)

    def kinds(self) -> list[str]:
        """The types it may have, in words."""
        found: list[str] = []
        for part in self._parts():
            named = part.get("type")
            for kind in named if isinstance(named, list) else [named]:
                if kind == "array":
                    found.append(_many(Node(part.get("items"), self.root)))
                elif kind in _KINDS and part.get("format") == "binary":
                    found.append("local file")
                elif kind in _KINDS and kind != "null":
                    found.append(_KINDS[kind])
        if not found and self._inside():
            found.append("mapping")
        return list(dict.fromkeys(found))


def _many(items: Node) -> str:
    kinds = items.kinds()
    plurals = {"whole number": "whole numbers", "true or false": "flags"}
    return f"list of {plurals.get(kinds[0], kinds[0] + 's')}" if len(kinds) == 1 else "list"


def _field(name: str, node: Node, required: bool) -> Field:
    items = node.word("items")
    inner = Node(items, node.root) if isinstance(items, Mapping) else node
    values = node.word("enum") or ([node.word("const")] if node.word("const") is not None else None)
    values = values or inner.word("enum") or ()
    limits = [words.format(node.word(key)) for key, words in _LIMITS if node.word(key) is not None]
    if node.word("deprecated") is True:
        limits.append("deprecated")
    default = node.word("default")
    return Field(
        name=name,
        kind=" or ".join(node.kinds()) or "anything",
        required=required,
        description=" ".join(str(node.word("description") or "").split()),
        default=default,
        has_default=default is not None,
        values=tuple(value for value in values if value is not None),
        limits=tuple(limits),
        inside=bool(node._inside()),
    )
