"""Looking into values the way expressions do: items only, never Python attributes or methods."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.compile.expressions.errors import ExpressionError, FieldMissing
from runner.model.text import Secret
from runner.model.unknown import Unknown, UnknownReached

PLAIN = frozenset({str, int, float, bool, type(None)})
"""Values of exactly these types know nothing but themselves: no secret, no text of a file, nothing unknown."""

_METHODS = {
    "upper": "upper", "lower": "lower", "title": "title", "capitalize": "capitalize", "strip": "trim",
    "lstrip": "trim", "rstrip": "trim", "replace": "replace", "split": "split", "format": "format",
    "center": "center", "join": "join", "items": "items", "get": "default", "count": "length", "sort": "sort",
}  # fmt: skip


def access(value: Any, key: Any) -> Any:
    """`value[key]` or `value.key`: an item of a mapping or a list.

    Raises:
        FieldMissing: there is no such item; what there is stands in the hint.
        UnknownReached: `value` or `key` is known only after apply.
    """
    if isinstance(key, Unknown):
        raise UnknownReached(key)
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101  # the first answers at once
        return _item(value, key)
    if isinstance(value, Unknown):
        raise UnknownReached(value)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _not_a_container(value, key)
    if isinstance(key, int) and not isinstance(key, bool):
        try:
            return value[key]
        except IndexError:
            raise FieldMissing(key, why=f"has {len(value)} items, and so no item {key}") from None
    error = FieldMissing(key, why=f"is a list and has no `{key}`")
    error.hint = "take one item of it: `[0]`, `| first` or `| one(field=value)`"
    raise error


def _item(value: Mapping[Any, Any], key: Any) -> Any:
    try:
        return value[key]
    except KeyError:
        pass
    except TypeError:
        raise ExpressionError(f"{kind_of(key)} cannot be a key") from None
    if not isinstance(key, bool) and (isinstance(key, int) or (isinstance(key, float) and key.is_integer())):
        try:
            return value[str(int(key))]
        except KeyError:
            pass
    raise FieldMissing(key, [str(name) for name in value])


def _not_a_container(value: Any, key: Any) -> FieldMissing:
    error = FieldMissing(key, why=f"is {kind_of(value)} and has no `{key}`")
    filter_name = _METHODS.get(str(key))
    if filter_name:
        error.hint = f"methods are not called here; use the filter `| {filter_name}`"
    return error


def method_hint(name: str) -> str:
    """What to write instead of calling the Python method `name`."""
    filter_name = _METHODS.get(name)
    return f"use the filter `| {filter_name}`" if filter_name else "use a filter: `value | filter`"


def as_text(value: Any) -> str:
    """A value inside a text: null is empty, booleans are `true` and `false`, numbers as they are.

    Raises:
        ExpressionError: lists and mappings have no text of their own.
        UnknownReached: the value is known only after apply.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Unknown):
        raise UnknownReached(value)
    raise ExpressionError(
        f"{kind_of(value)} cannot stand inside a text",
        "use `| join(…)` or `| tojson`, or make it the whole value",
    )


def secrets_in(value: Any) -> list[Secret]:
    """The secrets that a value is, or holds at its first level."""
    if isinstance(value, Secret):
        return [value]
    if isinstance(value, list | tuple):
        return [child for child in value if isinstance(child, Secret)]
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, Secret)]
    return []


def guarded(value: Any, seen: Sequence[Secret]) -> Any:
    """`value` with every text in it made secret, as it was made from the secrets in `seen`."""
    if not seen or isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(str.__str__(value), "+".join(dict.fromkeys(secret.reference for secret in seen)))
    if isinstance(value, list | tuple):
        return [guarded(child, seen) for child in value]
    if isinstance(value, dict):
        return {key: guarded(child, seen) for key, child in value.items()}
    return value


def kind_of(value: Any) -> str:
    """What a value is, in a person's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "a list"
    return "something else"
