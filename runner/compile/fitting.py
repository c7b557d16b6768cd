"""Whether a value certainly fits a schema of JSON Schema 2020-12: quick, and silent about what is wrong.

jsonschema finds the words for what does not fit. It takes long to import and to ask, and most of what it is asked
about fits; so it is asked only where `fits` is not certain.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from runner.model.unknown import Unknown

Root = Mapping[str, Any]
_UNDECIDED = frozenset({
    "$dynamicRef", "contains", "dependentRequired", "dependentSchemas", "multipleOf", "not", "oneOf", "prefixItems",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
"""Keywords that are left to jsonschema. All that it does not know either say nothing about a value."""


def fits(schema: Any, value: Any, root: Root | None = None) -> bool:
    """Whether jsonschema would find nothing wrong; False where that is not certain. An Unknown fits anywhere.

    `root` is the schema in which `#/$defs/…` are looked up, by default the schema itself.
    """
    try:
        return _fits(schema, value, schema if root is None else root)
    except RecursionError:  # a schema that leads to itself, or a value that is nested too deeply for this way
        return False


def _fits(schema: Any, value: Any, root: Root) -> bool:
    if schema is True or isinstance(value, Unknown):
        return True
    if not isinstance(schema, Mapping) or (schema is not root and "$id" in schema):
        return False
    for word, wanted in schema.items():
        if word in _UNDECIDED:
            return False
        check = _CHECKS.get(word)
        if check is not None and not check(wanted, value, schema, root):
            return False
    return True


def _type(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    names = wanted if isinstance(wanted, list) else [wanted]
    return any(_is(name, value) for name in names)


def _is(name: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return bool(name == "boolean")
    kinds = _KINDS.get(name)
    return kinds is not None and isinstance(value, kinds)


def _ref(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    name = wanted.removeprefix("#/$defs/")
    return name in root.get("$defs", ()) and _fits(root["$defs"][name], value, root)


def _enum(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    # Exactly the same scalar: of 1, 1.0 and true each is left to jsonschema when another one is listed.
    return isinstance(value, str | int | None) and any(_same(one, value) for one in wanted)


def _same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, str):
        return isinstance(value, str) and wanted == value
    return type(wanted) is type(value) and wanted == value and not isinstance(wanted, list | dict)


def _properties(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    if not isinstance(value, dict):
        return True
    return all(name not in value or _fits(one, value[name], root) for name, one in wanted.items())


def _pattern_properties(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    if not isinstance(value, dict):
        return True
    if not all(isinstance(name, str) for name in value):
        return False
    return all(
        _fits(one, held, root)
        for pattern, one in wanted.items()
        for name, held in value.items()
        if re.search(pattern, name)
    )


def _additional(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    if not isinstance(value, dict):
        return True
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, held in value.items():
        if not isinstance(name, str):
            return False
        if name in known or any(re.search(pattern, name) for pattern in patterns):
            continue
        if not _fits(wanted, held, root):
            return False
    return True


def _property_names(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    return not isinstance(value, dict) or all(_fits(wanted, name, root) for name in value)


def _required(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    return not isinstance(value, dict) or all(name in value for name in wanted)


def _items(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    return not isinstance(value, list) or all(_fits(wanted, one, root) for one in value)


def _unique(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    if not wanted or not isinstance(value, list):
        return True
    return all(isinstance(one, str) for one in value) and len(set(value)) == len(value)


def _any_of(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    return any(_fits(one, value, root) for one in wanted)


def _all_of(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    return all(_fits(one, value, root) for one in wanted)


def _if(wanted: Any, value: Any, schema: Root, root: Root) -> bool:
    then, other = schema.get("then", True), schema.get("else", True)
    if isinstance(value, dict) and isinstance(wanted, Mapping) and set(wanted) == {"required"}:
        return _fits(then if _required(wanted["required"], value, schema, root) else other, value, root)
    # Where it is not certain that the condition does not hold, both ways must do.
    return _fits(then, value, root) and (_fits(wanted, value, root) or _fits(other, value, root))


def _length(kind: Any, holds: Callable[[int, Any], bool]) -> "Check":
    return lambda wanted, value, schema, root: not isinstance(value, kind) or holds(len(value), wanted)


def _amount(holds: Callable[[Any, Any], bool]) -> "Check":
    return lambda wanted, value, schema, root: (
        isinstance(value, bool) or not isinstance(value, int | float) or holds(value, wanted)
    )


Check = Callable[[Any, Any, Root, Root], bool]
_KINDS: Mapping[str, Any] = {
    "object": dict, "array": list, "string": str, "null": type(None), "integer": int, "number": (int, float),
}  # fmt: skip
_CHECKS: Mapping[str, Check] = {
    "type": _type,
    "$ref": _ref,
    "enum": _enum,
    "const": lambda wanted, value, schema, root: _enum([wanted], value, schema, root),
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "required": _required,
    "items": _items,
    "uniqueItems": _unique,
    "anyOf": _any_of,
    "allOf": _all_of,
    "if": _if,
    "pattern": lambda wanted, value, schema, root: (
        not isinstance(value, str) or bool(re.search(wanted, value))
    ),
    "minLength": _length(str, lambda length, least: length >= least),
    "maxLength": _length(str, lambda length, most: length <= most),
    "minItems": _length(list, lambda length, least: length >= least),
    "maxItems": _length(list, lambda length, most: length <= most),
    "minProperties": _length(dict, lambda length, least: length >= least),
    "maxProperties": _length(dict, lambda length, most: length <= most),
    "minimum": _amount(lambda value, least: value >= least),
    "maximum": _amount(lambda value, most: value <= most),
    "exclusiveMinimum": _amount(lambda value, least: value > least),
    "exclusiveMaximum": _amount(lambda value, most: value < most),
}
