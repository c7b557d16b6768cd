"""The filters of expressions: Jinja's, made strict where they guess, and those that manifests need."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from runner.compile.expressions.access import PLAIN, access, as_text, kind_of
from runner.compile.expressions.errors import ExpressionError
from runner.compile.nearby import did_you_mean
from runner.model.units import seconds as duration_seconds
from runner.model.unknown import Unknown, UnknownReached, first_unknown

Filter = Callable[..., Any]

REMOVED = frozenset({
    "attr", "e", "escape", "filesizeformat", "forceescape", "groupby", "pprint", "random", "safe",
    "striptags", "urlize", "xmlattr",
})  # fmt: skip
"""Filters of Jinja that read Python attributes, write HTML, or answer differently each time."""

_ON_TEXT = frozenset({
    "capitalize", "center", "indent", "lower", "replace", "title", "trim", "truncate", "upper", "urlencode",
    "wordcount", "wordwrap",
})  # fmt: skip
_LAZY = frozenset(
    {"map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "unique", "items"}
)
_TAKES_NULL = frozenset({"default", "d", "tojson"})

_NUMBER = re.compile(r"[+-]?(\d+)(\.\d+)?([eE][+-]?\d+)?")
_CLOCK = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]?\d(?:[.,]\d+)?)")


def combine(base: Any, over: Any) -> dict[Any, Any]:
    """The fields of both mappings; where both have one, that of `over`."""
    for value in (base, over):
        if not isinstance(value, Mapping):
            raise ExpressionError(f"`combine` joins two mappings, and was given {kind_of(value)}")
    return {**base, **over}


def one(items: Any, **fields: Any) -> Any:
    """The only item whose fields have these values.

    Raises:
        ExpressionError: none or several match; the hint names near misses.
    """
    if isinstance(items, Mapping | str) or not isinstance(items, Sequence):
        raise ExpressionError(f"`one` takes a list, and was given {kind_of(items)}")
    found = [item for item in items if all(_field(item, name) == value for name, value in fields.items())]
    if len(found) == 1:
        return found[0]
    wanted = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False, default=str)}" for name, value in fields.items()
    )
    if found:
        raise ExpressionError(
            f"{len(found)} of {len(items)} items match {wanted or 'one()'}",
            "name another field, so that one remains",
        )
    raise ExpressionError(f"none of {len(items)} items has {wanted}", _near_items(items, fields))


def _field(item: Any, name: str) -> Any:
    if isinstance(item, Unknown):
        raise UnknownReached(item)
    return item.get(name) if isinstance(item, Mapping) else None


def _near_items(items: Sequence[Any], fields: Mapping[str, Any]) -> str:
    if not items:
        return "the list is empty"
    for name, value in fields.items():
        held = [str(item[name]) for item in items if isinstance(item, Mapping) and item.get(name) is not None]
        if not held:
            columns = [str(key) for key in items[0]] if isinstance(items[0], Mapping) else []
            return f"no item has `{name}`; {did_you_mean(name, columns)}".rstrip("; ")
        if value not in held:
            return did_you_mean(str(value), dict.fromkeys(held))
    return "each of the values occurs, but not in one item"


def number(value: Any) -> int | float:
    """A number, or a text that is wholly one. Anything else is an error."""
    if type(value) is str and value.isdecimal():
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        if match:
            return float(value) if match[2] or match[3] else int(value)
    raise ExpressionError(
        f"{_quoted(value)} is not a number", "a number is digits, and perhaps a decimal point"
    )


def integer(value: Any) -> int:
    """A whole number of a whole number, a fraction (cut), or a text that is a whole number."""
    found = number(value)
    if isinstance(value, str) and found != int(found):
        raise ExpressionError(
            f"{_quoted(value)} is not a whole number", "`| number | int` cuts the fraction off"
        )
    return int(found)


def floating(value: Any) -> float:
    """A number with a fraction."""
    return float(number(value))


def seconds(value: Any) -> int | float:
    """Seconds of `mm:ss`, `h:mm:ss`, a duration like `90s`, or a number."""
    if isinstance(value, str):
        text = value.strip()
        if match := _CLOCK.fullmatch(text):
            rest = match[3].replace(",", ".")
            return (
                int(match[1] or 0) * 3600 + int(match[2]) * 60 + (float(rest) if "." in rest else int(rest))
            )
        if match := re.fullmatch(r"(\d+):([0-5]\d(?:[.,]\d+)?)", text):
            return int(match[1]) * 60 + floating(match[2].replace(",", "."))
        try:
            return duration_seconds(text)
        except ValueError:
            pass
        if not _NUMBER.fullmatch(text):
            raise ExpressionError(
                f"{_quoted(value)} is not a time", "write `mm:ss`, `h:mm:ss`, `90s` or a number"
            )
    return number(value)


def split(value: Any, separator: str = ",") -> list[str]:
    """The parts of a text, trimmed, without empty ones."""
    return [part.strip() for part in as_text(value).split(separator) if part.strip()]


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """`value`, or `default_value` where it is missing or null (with `boolean`: also empty or false)."""
    if type(value) in PLAIN:
        return default_value if value is None or (boolean and not value) else value
    from jinja2 import Undefined

    if isinstance(value, Undefined) or value is None or (boolean and not value):
        return default_value
    return value


def join(items: Any, separator: Any = "", attribute: Any = None) -> str:
    """The items' texts, one after the other. A null item is an error."""
    if isinstance(items, str) or not isinstance(items, Sequence | Mapping):
        raise ExpressionError(f"`join` takes a list, and was given {kind_of(items)}")
    parts = [item if attribute is None else access(item, attribute) for item in items]
    if any(part is None for part in parts):
        raise ExpressionError(
            "`join` was given a list with null in it", "put `| select` before it to leave nulls out"
        )
    return as_text(separator).join(as_text(part) for part in parts)


def tojson(value: Any, indent: int | None = None) -> str:
    """JSON text, with every character as it is."""
    unknown = first_unknown(value)
    if unknown is not None:
        raise UnknownReached(unknown)
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_encodable)


def _encodable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Unknown):
        raise UnknownReached(value)
    raise ExpressionError(f"`tojson` was given {kind_of(value)}")


def strict_filters(jinja_filters: Mapping[str, Filter]) -> dict[str, Filter]:
    """Jinja's filters and ours, each refusing null, stopping at what is unknown, and answering at once."""
    ours: dict[str, Filter] = {
        "combine": combine, "one": one, "number": number, "int": integer, "float": floating,
        "seconds": seconds,
        "split": split, "default": default, "d": default, "join": join, "tojson": tojson, "string": as_text,
    }  # fmt: skip
    kept = {name: made for name, made in jinja_filters.items() if name not in REMOVED}
    return {name: _strict(name, made) for name, made in (kept | ours).items()}


def strict_tests(jinja_tests: Mapping[str, Filter]) -> dict[str, Filter]:
    """Jinja's tests; each stops at what is unknown, as `is none` of it cannot be told."""
    return {name: _stopping(made) for name, made in jinja_tests.items()}


def _stopping(made: Filter) -> Filter:
    @wraps(made)
    def test(*arguments: Any, **named: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, Unknown):
                raise UnknownReached(argument)
        return made(*arguments, **named)

    return test


def _strict(name: str, made: Filter) -> Filter:
    """`made` behind the checks that hold for its name; Jinja's marks on it are kept."""
    first = 1 if hasattr(made, "jinja_pass_arg") else 0
    lenient, on_text, lazy = name in ("default", "d"), name in _ON_TEXT, name in _LAZY

    @wraps(made)
    def checked(*arguments: Any, **named: Any) -> Any:
        if not lenient:
            _refuse_unfit(arguments[first:], named)
        if arguments[first] is None and name not in _TAKES_NULL:
            raise ExpressionError(f"`{name}` was given null", "put `| default(…)` before it")
        if on_text:
            arguments = (*arguments[:first], as_text(arguments[first]), *arguments[first + 1 :])
        made_value = made(*arguments, **named)
        return list(made_value) if lazy else made_value

    return checked


def _refuse_unfit(arguments: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    for argument in (*arguments, *named.values()):
        if type(argument) not in PLAIN:
            _refuse(argument)


def _refuse(argument: Any) -> None:
    from jinja2 import Undefined

    if isinstance(argument, Unknown):
        raise UnknownReached(argument)
    if isinstance(argument, Undefined):
        str(argument)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else kind_of(value)
