"""Quick lanes for mappings and lists: all of their expressions in one go, as long as each value is plain."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.compile.expressions.access import PLAIN, kind_of
from runner.compile.expressions.errors import ExpressionError
from runner.compile.expressions.lanes import Lane
from runner.compile.expressions.scope import Each, InstanceView, JobItems, Outputs
from runner.model.unknown import Unknown

Part = tuple[Lane | None, Any]
"""The lane of a part of a value or, without one, the value itself, which all instances share."""


def of_fields(fields: Sequence[tuple[str, Part | None]]) -> Lane | None:
    """The lane of a mapping whose fields all have one; fields that are null are left out."""
    if any(part is None for _, part in fields):
        return None
    parts = tuple((name, *part) for name, part in fields if part is not None)

    def lane(names: Mapping[str, Any]) -> dict[str, Any]:
        made = {}
        for name, one, value in parts:
            if one is not None:
                value = one(names)
                if type(value) not in PLAIN:
                    value = settled(value)
            if value is not None:
                made[name] = value
        return made

    return lane


def of_items(items: Sequence[Part | None]) -> Lane | None:
    """The lane of a list whose items all have one; items that are null are left out."""
    if any(part is None for part in items):
        return None
    parts = tuple(part for part in items if part is not None)

    def lane(names: Mapping[str, Any]) -> list[Any]:
        found = [value if one is None else settled(one(names)) for one, value in parts]
        return [value for value in found if value is not None]

    return lane


def settled(value: Any) -> Any:
    """A value as plain mappings, lists and scalars, with nulls left out of mappings and lists.

    Raises:
        ExpressionError: an instance or a whole job stands where a value is wanted.
    """
    if value is None or isinstance(value, str | int | float | Unknown):
        return value
    if isinstance(value, Each | Outputs | InstanceView | JobItems):
        return settled(value.whole())
    if isinstance(value, Mapping):
        return {str(name): settled(child) for name, child in value.items() if child is not None}
    if isinstance(value, list | tuple):
        return [settled(child) for child in value if child is not None]
    raise ExpressionError(f"{kind_of(value)} cannot be used here")
