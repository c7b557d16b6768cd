"""Schemas of a document as self-contained JSON Schema 2020-12, which lets through what the API would let through."""

from collections import deque
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from runner.api.openapi.document import Document
from runner.api.openapi.schema_words import LISTS, MAPS, SCHEMAS, TYPES, kept
from runner.api.openapi.shape import shape_of

MOST_SCHEMAS = 6_000
DEEPEST = 100

_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_NOTES = ("description", "title", "default", "deprecated")
_SAME_VALUE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")


class SchemaWriter:
    """Writes schemas one after the other; what several share gathers in `defs` under short names, and is all there
    after `finish`. `sent`: of a request, in which read-only fields have no place.

    Beyond MOST_SCHEMAS, breadth first, everything is allowed: the API itself still checks.
    """

    def __init__(self, document: Document, *, sent: bool = True) -> None:
        self.document = document
        self.defs: dict[str, Any] = {}
        self._sent = sent
        self._names: dict[str, str] = {}
        self._waiting: deque[tuple[str, Mapping[str, Any]]] = deque()
        self._written = 0

    def write(self, schema: Any, depth: int = 0) -> Any:
        """The schema; InvalidInput for one that is none."""
        self._written += 1
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            return {}
        if depth > DEEPEST:
            raise self.document.broken(
                "broken-schema", f"a schema is nested deeper than {DEEPEST}", schema, ""
            )
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema, depth)
        return self._schema(schema, depth)

    def finish(self) -> dict[str, Any]:
        """Writes everything that was referred to, and returns `defs`."""
        while self._waiting:
            name, node = self._waiting.popleft()
            self.defs[name] = self.write(self.document.target(node))
        _cut_circles(self.defs)
        return self.defs

    def _reference(self, node: Mapping[str, Any], depth: int) -> Any:
        if node["$ref"] not in self._names and self._written > MOST_SCHEMAS:
            self.document.target(node)
            return {}
        ref = {"$ref": f"#/$defs/{self._named(node)}"}
        notes = {key: node[key] for key in _NOTES if key in node and kept(key, node[key])}
        if node.get("nullable") is True:
            return {**notes, "anyOf": [ref, {"type": "null"}]}
        if self.document.nullable:  # OpenAPI 3.0: what else stands beside a `$ref` is ignored
            return {**notes, **ref}
        beside = {key: held for key, held in node.items() if key != "$ref"}
        return {**self._schema(beside, depth), **ref}

    def _named(self, node: Mapping[str, Any]) -> str:
        ref = node["$ref"]
        if ref not in self._names:
            stem = ref.rsplit("/", 1)[-1].rpartition("#")[2].replace("~1", "_").replace("~0", "_")
            stem = stem.replace("%", "_") or "root"
            name, count = stem, 1
            while name in self.defs:
                count += 1
                name = f"{stem}_{count}"
            self._names[ref] = name
            self.defs[name] = {}
            self._waiting.append((name, node))
        return self._names[ref]

    def _schema(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, held in schema.items():
            if key == "type":
                made.update(self._type(schema, held))
            elif key in MAPS:
                made[key] = self._map(schema, key, held, depth)
            elif key in LISTS:
                self._list(made, schema, key, held, depth)
            elif key in SCHEMAS:
                if not isinstance(held, Mapping | bool):
                    self._refuse(schema, key, "must be a schema", held)
                made[key] = self.write(held, depth + 1)
            elif key in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(held, bool):
                continue
            elif kept(key, held):
                made[key] = deepcopy(held)
        self._amend(schema, made)
        return _nullable(made) if schema.get("nullable") is True else made

    def _type(self, schema: Mapping[str, Any], held: Any) -> dict[str, Any]:
        if held == "file":
            return {"type": "string", "format": "binary"}
        if held == "any" or held is None or held == []:
            return {}
        named = held if isinstance(held, list) else [held]
        for word in named:
            if not isinstance(word, str) or word not in TYPES:
                self._refuse(schema, "type", f"must be one of {', '.join(sorted(TYPES))}", word)
        return {"type": list(dict.fromkeys(named)) if isinstance(held, list) else held}

    def _map(self, schema: Mapping[str, Any], key: str, held: Any, depth: int) -> dict[str, Any]:
        if held is None:
            return {}
        if not isinstance(held, Mapping):
            self._refuse(schema, key, "must be a mapping", held)
        return {
            name: self.write(child, depth + 1)
            for name, child in held.items()
            if key != "properties" or not self.unsent(child)
        }

    def unsent(self, schema: Any) -> bool:
        """Whether a field stands in answers alone."""
        if not self._sent:
            return False
        resolved = self.document.resolve(schema)
        return isinstance(resolved, Mapping) and resolved.get("readOnly") is True

    def _list(self, made: dict[str, Any], schema: Mapping[str, Any], key: str, held: Any, depth: int) -> None:
        if not isinstance(held, list):
            self._refuse(schema, key, "must be a list", held)
        if not held:
            return
        if key in ("oneOf", "anyOf") and isinstance(schema.get("discriminator"), Mapping):
            made.setdefault("allOf", []).extend(self.told_apart(schema, held, depth))
            return
        written = [self.write(child, depth + 1) for child in held]
        if key == "allOf":
            made.setdefault("allOf", []).extend(written)
        else:
            made["anyOf" if key == "oneOf" and not self.exclusive(held) else key] = written

    def exclusive(self, branches: Iterable[Any]) -> bool:
        """Whether exactly one of a `oneOf` is meant: each branch needs a field that no other needs. Elsewhere documents
        write `oneOf` where a value may well fit several (a text, or a date as text)."""
        needed = []
        for branch in branches:
            resolved = self.document.resolve(branch)
            required = resolved.get("required") if isinstance(resolved, Mapping) else None
            needed.append({str(name) for name in required} if isinstance(required, list) else set())
        return all(one - other for one in needed for other in needed if one is not other)

    def told_apart(self, schema: Mapping[str, Any], branches: list[Any], depth: int = 0) -> list[Any]:
        """The branches of a `discriminator`, each asked only of the values that name it."""
        told = schema["discriminator"]
        field = told.get("propertyName")
        if not isinstance(field, str):
            return [{"anyOf": [self.write(branch, depth + 1) for branch in branches]}]
        mapping = told.get("mapping") if isinstance(told.get("mapping"), Mapping) else {}
        named = [_words(self.document, branch, field, mapping) for branch in branches]
        known = [word for words in named for word in words]
        chosen: list[Any] = [
            {"required": [field], "properties": {field: {"enum": list(dict.fromkeys(known))}}}
        ]
        for branch, words in zip(branches, named, strict=True):
            when = {"properties": {field: {"enum": words}}, "required": [field]}
            chosen.append({"if": when, "then": self.write(branch, depth + 1)})
        return chosen

    def _amend(self, schema: Mapping[str, Any], made: dict[str, Any]) -> None:
        """Bounds of OpenAPI 3.0, lists of texts written as numbers, required read-only fields."""
        for exclusive, bound in _BOUNDS:
            if schema.get(exclusive) is True and bound in made:
                made[exclusive] = made.pop(bound)
        if "enum" in made and made.get("type") == "string":
            made["enum"] += [str(one) for one in made["enum"] if isinstance(one, int | float)]
        if "required" in made:
            fields = schema.get("properties")
            gone = (
                {name for name, child in fields.items() if self.unsent(child)}
                if isinstance(fields, Mapping)
                else ()
            )
            made["required"] = [name for name in dict.fromkeys(made["required"]) if name not in gone]

    def _refuse(self, schema: Mapping[str, Any], key: str, reason: str, held: Any) -> None:
        shown = repr(held) if isinstance(held, str | int | float | bool) else f"a {type(held).__name__}"
        raise self.document.broken(
            "broken-schema", f"no schema: `{key}` {reason}, and is {shown}", schema, key
        )


def _words(document: Document, branch: Any, field: str, mapping: Mapping[str, Any]) -> list[str]:
    """The words that name a branch: those of the mapping, those that its own field allows, else the schema's name."""
    ref = str(branch.get("$ref", "")) if isinstance(branch, Mapping) else ""
    name = ref.rsplit("/", 1)[-1]
    words = [str(word) for word, target in mapping.items() if target in (ref, name)]
    shape = shape_of(document, branch)
    own = document.resolve(shape.fields[field]) if shape is not None and field in shape.fields else None
    if isinstance(own, Mapping):
        allowed = [own["const"]] if "const" in own else own.get("enum")
        words += [word for word in allowed if isinstance(word, str)] if isinstance(allowed, list) else []
    return list(dict.fromkeys(words)) or [name]


def _nullable(made: dict[str, Any]) -> dict[str, Any]:
    """The schema with null allowed, which OpenAPI 3.0 writes as `nullable`."""
    if isinstance(made.get("enum"), list) and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    held = made.get("type")
    if isinstance(held, str):
        made["type"] = [held, "null"]
    elif isinstance(held, list):
        made["type"] = list(dict.fromkeys([*held, "null"]))
    if any(word in made for word in _SAME_VALUE):
        notes = {key: made.pop(key) for key in _NOTES if key in made}
        return {**notes, "anyOf": [made, {"type": "null"}]}
    return made


def _cut_circles(defs: dict[str, Any]) -> None:
    """Removes references by which a schema asks itself of the same value (a base that lists its heirs, which hold their
    base): no validator would come to an end."""
    done = set[str]()
    for start in defs:
        stack: list[tuple[str, list[dict[str, Any]]]] = []
        if start not in done:
            stack.append((start, _same_value(defs[start])))
        open_ = {start}
        while stack:
            name, nodes = stack[-1]
            if not nodes:
                stack.pop()
                open_.discard(name)
                done.add(name)
                continue
            node = nodes.pop()
            target = node["$ref"].removeprefix("#/$defs/")
            if target in open_:
                del node["$ref"]
            elif target not in done:
                stack.append((target, _same_value(defs[target])))
                open_.add(target)


def _same_value(schema: Any) -> list[dict[str, Any]]:
    """The nodes with a `$ref` that are asked of the very value that the schema is asked of."""
    found, stack = [], [schema]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict):
            continue
        if "$ref" in node:
            found.append(node)
        for word in _SAME_VALUE:
            held = node.get(word, ())
            stack += held if isinstance(held, list) else [held]
    return found
