"""The JSON Schema (2020-12) of a job's `with`: one mapping of an operation's parameters and body fields."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from runner.api.document import Document, pointer_steps
from runner.api.operation import WHOLE_BODY, MediaType, Operation
from runner.api.shape import Shape, shape_of

_ONLY_OPENAPI = ("xml", "example", "discriminator", "externalDocs", "nullable")
_ADDRESSES = (
    "$id",
    "$schema",
    "$anchor",
    "$dynamicAnchor",
)  # the schema moves, and its addresses would mislead
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def inputs_schema(
    operation: Operation, *, optional: Iterable[str] = (), hidden: Iterable[str] = ()
) -> dict[str, Any]:
    """Self-contained: what the document shares stands in `$defs`. Nothing beside the declared fields is
    allowed, unless the document says otherwise.

    `optional` are pointers (`/name`, `/conversions/*/label`) to fields that are never required; `hidden` are
    inputs that nobody fills by hand.
    """
    writer = _Writer(operation.document)
    form = operation.media_type()
    body = _body(writer, operation, form) if form else {}
    unseen = set(hidden)
    properties = {**_parameters(writer, operation), **body.pop("properties", {})}
    for name in operation.files() & properties.keys():
        properties[name] = _file_schema(properties[name])
    required = [parameter.input for parameter in operation.parameters if parameter.required]
    required += [name for name in body.pop("required", ()) if name not in required]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: held for name, held in properties.items() if name not in unseen},
        "required": [name for name in required if name not in unseen],
        "additionalProperties": body.pop("additionalProperties", False),
        **body,
    }
    if writer.defs:
        schema["$defs"] = writer.defs
    for pointer in optional:
        _relax(schema, schema, pointer_steps(pointer))
    return schema


def answer_schema(operation: Operation) -> dict[str, Any]:
    """The self-contained JSON Schema of a successful answer in JSON; `{}` where the document tells no shape."""
    writer = _Writer(operation.document)
    schema: dict[str, Any] = writer.write(operation.answer_schema())
    return {**schema, "$defs": writer.defs} if writer.defs else schema


def _parameters(writer: "_Writer", operation: Operation) -> dict[str, Any]:
    made = {}
    for parameter in operation.parameters:
        schema = writer.write(parameter.schema)
        if parameter.description and isinstance(schema, dict):
            schema = {"description": parameter.description, **schema}
        made[parameter.input] = schema
    return made


def _body(writer: "_Writer", operation: Operation, form: MediaType) -> dict[str, Any]:
    shape = shape_of(operation.document, form.schema)
    if shape is None:
        required = [WHOLE_BODY] if operation.body_required else []
        return {"properties": {WHOLE_BODY: writer.write(form.schema)}, "required": required}
    found: dict[str, Any] = {
        "properties": {
            name: writer.write(raw) for name, raw in shape.fields.items() if _sent(operation, raw)
        },
        "additionalProperties": _rest(writer, shape),
    }
    found["required"] = [
        name for name in shape.required if name in found["properties"] or name not in shape.fields
    ]
    choices = [_choice(writer, word, branches) for word, branches in shape.choices]
    if choices:
        found["allOf"] = choices
    return found


def _file_schema(schema: Any) -> dict[str, Any]:
    """The schema of a path to a local file, or of a list of them, however the document says that it is one."""
    held = dict(schema) if isinstance(schema, dict) else {}
    if held.get("type") == "array":
        return {**held, "items": _file_schema(held.get("items"))}
    return {**held, "type": "string", "format": "binary"}


def _sent(operation: Operation, raw: Any) -> bool:
    resolved = operation.document.resolve(raw)
    return not (isinstance(resolved, Mapping) and resolved.get("readOnly") is True)


def _rest(writer: "_Writer", shape: Shape) -> Any:
    """Whether other fields may stand beside the declared ones: only where nothing is declared, or a schema
    says what."""
    if shape.closed:
        return False
    return writer.write(shape.rest) if shape.rest is not None else not shape.fields


def _choice(writer: "_Writer", word: str, branches: tuple[Any, ...]) -> dict[str, Any]:
    """A `oneOf`/`anyOf` of a body, asked of the whole mapping, in which parameters stand too."""
    written = []
    for branch in branches:
        held = writer.write(writer.document.resolve(branch))
        if isinstance(held, dict):
            held = {key: value for key, value in held.items() if not key.endswith("Properties")}
        written.append(held)
    return {word: written}


def _relax(root: dict[str, Any], schema: Any, steps: tuple[str, ...]) -> None:
    """Takes the field at `steps` out of every `required` on its way; shared definitions are changed in place,
    which is right, since this schema is the only one that uses them."""
    if not isinstance(schema, dict) or not steps:
        return
    if "$ref" in schema:
        _relax(root, root["$defs"].get(schema["$ref"].removeprefix("#/$defs/")), steps)
    for word in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(word, ()):
            _relax(root, part, steps)
    first, rest = steps[0], steps[1:]
    if first == "*":
        _relax(root, schema.get("items"), rest)
    elif rest:
        _relax(root, schema.get("properties", {}).get(first), rest)
    elif first in schema.get("required", ()):
        schema["required"] = [name for name in schema["required"] if name != first]


class _Writer:
    """Schemas of a document as JSON Schema 2020-12; shared ones gather in `defs` under short names."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.defs: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    def write(self, schema: Any) -> Any:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            return {}
        if isinstance(schema.get("$ref"), str):
            ref = {"$ref": f"#/$defs/{self._define(schema)}"}
            beside = (
                {} if self.document.nullable else {key: held for key, held in schema.items() if key != "$ref"}
            )
            return {**self._keywords(beside), **ref}
        return self._keywords(schema)

    def _define(self, node: Mapping[str, Any]) -> str:
        ref = node["$ref"]
        if ref in self._names:
            return self._names[ref]
        stem = ref.rsplit("/", 1)[-1].replace("~1", "_").replace("~0", "_") or "root"
        name, count = stem, 1
        while name in self.defs:
            count += 1
            name = f"{stem}_{count}"
        self._names[ref] = name
        self.defs[name] = {}  # holds the name while the schema, which may refer to itself, is written
        self.defs[name] = self.write(self.document.target(node))
        return name

    def _keywords(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, held in schema.items():
            if key in _ONLY_OPENAPI or key in _ADDRESSES or str(key).startswith("x-"):
                continue
            if key == "pattern" and not _compiles(held):
                continue
            if key in ("properties", "patternProperties", "$defs", "dependentSchemas") and isinstance(
                held, Mapping
            ):
                made[key] = {name: self.write(child) for name, child in held.items()}
            elif key in ("allOf", "anyOf", "oneOf", "prefixItems") and isinstance(held, list):
                made[key] = [self.write(child) for child in held]
            elif key in _SCHEMA_KEYS and isinstance(held, Mapping | bool):
                made[key] = self.write(held)
            else:
                made[key] = deepcopy(held)
        if self.document.nullable:
            _modernise(schema, made)
        return made


def _compiles(pattern: Any) -> bool:
    """Whether Python understands a pattern of the document; the API itself still asks for the others."""
    try:
        re.compile(pattern)
    except (re.error, TypeError):
        return False
    return True


_SCHEMA_KEYS = (
    "items", "not", "additionalProperties", "unevaluatedProperties", "if", "then", "else", "contains",
    "propertyNames",
)  # fmt: skip


def _modernise(old: Mapping[str, Any], made: dict[str, Any]) -> None:
    """`nullable` and boolean exclusive bounds of OpenAPI 3.0 in the words of JSON Schema 2020-12."""
    if old.get("nullable") is True:
        if isinstance(made.get("type"), str):
            made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    for exclusive, bound in _BOUNDS:
        if made.get(exclusive) is True and bound in made:
            made[exclusive] = made.pop(bound)
        elif isinstance(made.get(exclusive), bool):
            del made[exclusive]
