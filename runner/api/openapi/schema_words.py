"""The keywords of JSON Schema 2020-12 that a document's schemas are read for, and what may stand under each.

Vendors' documents hold much that is no JSON Schema. What only narrows a value (`minimum: "3"`, `required: true`) is
left to the API when it cannot be understood; what gives a value its shape (`type: text`) is refused by whoever reads
it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})

MAPS = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
"""Keywords that hold schemas by name."""

LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Keywords that hold a list of schemas."""

SCHEMAS = frozenset(
    {"items", "not", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "if", "then", "else",
     "contains", "propertyNames"}
)  # fmt: skip
"""Keywords that hold one schema."""


def kept(key: str, value: Any) -> bool:
    """Whether a keyword that holds no schema says something that can be understood."""
    check = _CHECKS.get(key)
    return check is not None and check(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _values(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _any(_: Any) -> bool:
    return True


def _pattern(value: Any) -> bool:
    """Whether Python understands a pattern; the API itself still asks for the others. Slashes around it are a habit of
    another language, and no part of what is meant."""
    if not isinstance(value, str) or (value.startswith("/") and value.rstrip("gimsuy").endswith("/")):
        return False
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _divisor(value: Any) -> bool:
    return _number(value) and value > 0


def _needs(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_names(names) for names in value.values())


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "enum": _values, "const": _any, "default": _any, "required": _names, "dependentRequired": _needs,
    "minimum": _number, "maximum": _number, "exclusiveMinimum": _number, "exclusiveMaximum": _number,
    "multipleOf": _divisor, "minLength": _count, "maxLength": _count, "minItems": _count, "maxItems": _count,
    "minProperties": _count, "maxProperties": _count, "minContains": _count, "maxContains": _count,
    "uniqueItems": _flag, "pattern": _pattern, "format": _text, "title": _text, "description": _text,
    "contentEncoding": _text, "contentMediaType": _text, "deprecated": _flag, "readOnly": _flag,
    "writeOnly": _flag, "examples": _values,
}  # fmt: skip
