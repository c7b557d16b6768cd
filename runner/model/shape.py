"""The fields of frozen values: quick to list, and quick to change into another value."""

from collections.abc import Callable, Hashable
from dataclasses import MISSING, fields, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

Value = TypeVar("Value")


def held_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by name, left out where they hold their default; values are not copied."""
    shape = _shape_of(value)
    return {
        name: held
        for name, held, default in zip(shape.names, shape.values(value), shape.defaults, strict=True)
        if held is not default and held != default
    }


def evolve(value: Value, **changes: Any) -> Value:
    """What `dataclasses.replace` gives, in a third of its time for a value of many fields."""
    shape = _shape_of(value)
    if shape.named:
        return replace(value, **changes)  # type: ignore[type-var]
    held = list(shape.values(value))
    for name, change in changes.items():
        held[shape.places[name]] = change
    made: Value = type(value)(*held)
    return made


class _Shape:
    """What is known of the fields of a class. `named`: its values are made with names alone."""

    def __init__(self, kind: Any) -> None:
        every = fields(kind)
        self.names = tuple(field.name for field in every)
        self.places = {name: place for place, name in enumerate(self.names)}
        self.named = any(field.kw_only or not field.init for field in every)
        self.defaults = tuple(
            field.default if field.default_factory is MISSING else field.default_factory() for field in every
        )
        self.values = _getter(self.names)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) == 1:
        single = attrgetter(names[0])
        return lambda value: (single(value),)
    return attrgetter(*names) if names else lambda _: ()


def _shape_of(value: Any) -> _Shape:
    kind: Hashable = value.__class__
    return _shape(kind)


@lru_cache(maxsize=256)
def _shape(kind: Hashable) -> _Shape:
    return _Shape(kind)
