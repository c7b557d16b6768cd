"""Checks JSON bodies against documented fields, and says what is wrong in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["string", "number", "integer", "boolean", "object", "array"]


@dataclass(frozen=True, slots=True)
class Field:
    """A documented field. `low` and `high` bound a number; `blank` allows an empty text or list; `fields`
    describe an object, `item` each element of an array."""

    kind: Kind
    required: bool = False
    among: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    blank: bool = True
    fields: Mapping[str, "Field"] | None = None
    item: "Field | None" = None


def wrong(value: Any, field: Field, at: str = "") -> str | None:
    """The first thing that is wrong with a value, by its path (`target_script[0].text is required`), or
    None."""
    name = at or "the body"
    if not _is(value, field.kind):
        return f"{name} must be {'an' if field.kind[0] in 'aio' else 'a'} {field.kind}"
    if not field.blank and not (value.strip() if isinstance(value, str) else value):
        return f"{name} must not be empty"
    if field.among and value not in field.among:
        return f"{name} must be one of {', '.join(field.among)}"
    if (field.low is not None and value < field.low) or (field.high is not None and value > field.high):
        return f"{name} must be {_bounds(field)}"
    if field.kind == "object" and field.fields is not None:
        return _wrong_object(value, field.fields, at)
    if field.kind == "array" and field.item is not None:
        for index, element in enumerate(value):
            if found := wrong(element, field.item, f"{name}[{index}]"):
                return found
    return None


def is_url(text: str) -> bool:
    """Whether it is a whole http or https URL."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _wrong_object(value: Mapping[str, Any], fields: Mapping[str, Field], at: str) -> str | None:
    prefix = f"{at}." if at else ""
    for name, field in fields.items():
        if name in value:
            if found := wrong(value[name], field, prefix + name):
                return found
        elif field.required:
            return f"{prefix}{name} is required"
    for name in value:
        if name not in fields:
            return f"{prefix}{name} is not a known field"
    return None


def _is(value: Any, kind: Kind) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            )
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)


def _bounds(field: Field) -> str:
    if field.low is None:
        return f"at most {field.high:g}"
    if field.high is None:
        return f"at least {field.low:g}"
    return f"between {field.low:g} and {field.high:g}"
