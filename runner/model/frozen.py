"""`@frozen`: a frozen dataclass with slots, whose methods are written when they are first needed.

`@dataclass(frozen=True, slots=True)` writes and compiles six functions for a class while its module is imported, which
takes more than a millisecond; a command imports a hundred such classes, makes objects of some, and compares few.
`@frozen` gives the same class. Of most classes a command makes a few objects: these are filled one by one, and their
`__init__` is written when there are more. The rest is left to `dataclasses`, at the first comparison or `repr`. To
mypy, to `dataclasses` and to the reader it is a dataclass like any other.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_origin, overload

T = TypeVar("T")

_FEW = 8
"""So many objects are filled in less time than it takes to write an `__init__`."""

_WRITING = threading.RLock()
_ALWAYS, _COMPARED = ("__init__", "__repr__"), ("__eq__", "__hash__")
_ORDERED = ("__lt__", "__le__", "__gt__", "__ge__")
_FACTS = ("__dataclass_fields__", "__dataclass_params__", "__match_args__")


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(
    *, kw_only: bool = False, eq: bool = True, order: bool = False
) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: Any = None, /, **options: bool) -> Any:
    """The class as a frozen dataclass with slots. The options are those of `dataclass`."""
    return _slotted(cls, options) if cls is not None else lambda cls: _slotted(cls, options)


_Known = tuple[list[str], dict[str, tuple[Any, Callable[[object, Any], None]]]]


class _Writer:
    """What is to be written for a class, and out of which: the class as it was, without slots.

    `parameters` are its own fields: default (or Field, or MISSING), and whether by keyword alone.
    """

    __slots__ = ("few", "known", "made", "options", "parameters", "plain", "simple", "written")

    def __init__(self, plain: type, options: Mapping[str, bool]) -> None:
        self.plain, self.options = plain, options
        self.made: type = plain
        self.written = False
        self.few = _FEW
        self.known: _Known | None = None
        by_keyword = options.get("kw_only", False)
        held = {name: vars(plain).get(name, MISSING) for name in _names(plain)}
        self.parameters = {name: (default, by_keyword) for name, default in held.items()}
        self.simple = "__post_init__" not in vars(plain) and all(
            one.init and one.kw_only is MISSING for one in held.values() if isinstance(one, Field)
        )

    def write(self) -> None:
        """Lets `dataclasses` work on the plain class, and takes over what it wrote; once."""
        with _WRITING:
            if self.written:
                return
            own = set(vars(self.plain))
            written: type = dataclass(frozen=True, slots=True, **self.options)(self.plain)
            if self._simple_writers():
                own.add("__init__")  # ours is the quicker one
            for name in (*_ALWAYS, *_COMPARED, *_ORDERED, *_FACTS, "__replace__"):
                if name in vars(written) and (name not in own or name == "__hash__"):
                    setattr(self.made, name, vars(written)[name])
            self.written = True

    def fill(self, held: object, args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
        """Sets the fields of a new object as `__init__` would. False: it takes the real one, if only to say what is
        wrong."""
        if self.known is None:
            self.known = self._known()
        placed, parameters = self.known
        values = dict(zip(placed, args, strict=False))
        if len(args) > len(placed) or values.keys() & named.keys() or named.keys() - parameters.keys():
            return False
        values.update(named)
        made = []
        for name, (default, fill) in parameters.items():
            value = values[name] if name in values else _default(default)
            if value is MISSING:
                return False
            made.append((fill, value))
        for fill, value in made:
            fill(held, value)
        return bool(parameters)

    def _known(self) -> _Known:
        """The fields that may be given by their place; and of each field its default, and what sets it."""
        parameters = {name: held for one in self._simple_writers() for name, held in one.parameters.items()}
        placed = [name for name, (_, by_keyword) in parameters.items() if not by_keyword]
        fills = {name: (held, getattr(self.made, name).__set__) for name, (held, _) in parameters.items()}
        return placed, fills

    def fields(self) -> Mapping[str, Any]:
        """What `dataclasses` knows of the fields, without the methods that it would write."""
        members = {
            name: held for name, held in vars(self.plain).items() if name not in ("__dict__", "__weakref__")
        }
        bare = type(self.plain)(self.plain.__name__, self.plain.__bases__, members)
        heir = any("__writer__" in vars(base) for base in self.made.__mro__[1:])
        by_keyword = self.options.get("kw_only", False)
        known: Any = dataclass(init=False, repr=False, eq=False, frozen=heir, kw_only=by_keyword)(bare)
        found: Mapping[str, Any] = known.__dataclass_fields__
        return found

    def write_init(self) -> None:
        """Writes `__init__` as `dataclasses` would, and nothing else; where there is more to it than defaults, all."""
        writers = self._simple_writers()
        if writers:
            parameters = {name: held for one in writers for name, held in one.parameters.items()}
            init: Any = _init(self.made, parameters)
            self.made.__init__ = init  # type: ignore[misc]
        else:
            self.write()

    def _simple_writers(self) -> "list[_Writer]":
        """Those of the class and its bases; none where one of them needs more than defaults."""
        bases = [vars(base).get("__writer__") for base in reversed(self.made.__mro__)]
        writers: list[_Writer] = [one for one in bases if one is not None]
        return writers if all(one.simple for one in writers) else []

    def method(self, name: str) -> Callable[..., Any]:
        """A stand-in that has the method written, and calls it."""

        def write_first(held: Any, *args: Any, **named: Any) -> Any:
            if name == "__init__":
                self.few -= 1
                if self.few >= 0 and self.fill(held, args, named):
                    return None
                self.write_init()
            else:
                self.write()
            return getattr(self.made, name)(held, *args, **named)

        return write_first


class _Fact:
    """An attribute of the class that is known once `dataclasses` has worked on it."""

    __slots__ = ("name", "writer")

    def __init__(self, writer: _Writer, name: str) -> None:
        self.writer, self.name = writer, name

    def __get__(self, held: object, owner: type) -> Any:
        if self.name == "__dataclass_fields__":
            setattr(self.writer.made, self.name, self.writer.fields())
        else:
            self.writer.write()
        return getattr(self.writer.made, self.name)


def _slotted(cls: type, options: Mapping[str, bool]) -> type:
    """The class with slots in place of its defaults, and stand-ins for all that is written later."""
    named = _names(cls)
    inherited = {name for base in cls.__mro__[1:] for name in vars(base).get("__slots__", ())}
    members = {
        name: held for name, held in vars(cls).items() if name not in ("__dict__", "__weakref__", *named)
    }
    members["__slots__"] = tuple(name for name in named if name not in inherited)
    writer = _Writer(cls, options)
    wanted = (
        *_ALWAYS,
        *(_COMPARED if options.get("eq", True) else ()),
        *(_ORDERED if options.get("order") else ()),
    )
    if members.get("__hash__") is None:
        members.pop("__hash__", None)
    for name in wanted:
        members.setdefault(name, writer.method(name))
    members.update({name: _Fact(writer, name) for name in _FACTS}, **_FROZEN)
    members["__writer__"] = writer
    writer.made = type(cls)(cls.__name__, cls.__bases__, members)
    writer.made.__qualname__ = cls.__qualname__
    return writer.made


def _names(cls: type) -> list[str]:
    """The fields that a class has itself."""
    hints: Any = cls.__annotations__.items()
    return [name for name, hint in hints if hint is not ClassVar and get_origin(hint) is not ClassVar]


def _default(default: Any) -> Any:
    """The value of a field that was not given; MISSING where it must be."""
    if not isinstance(default, Field):
        return default
    return default.default if default.default_factory is MISSING else default.default_factory()


def _init(made: type, parameters: Mapping[str, tuple[Any, bool]]) -> Callable[..., None]:
    """An `__init__` that sets each slot by its own descriptor: no name is looked up again for each object."""
    known: dict[str, Any] = {f"_set_{name}": getattr(made, name).__set__ for name in parameters}
    known["_none"] = MISSING
    placed, named, body = ["self"], ["*"], []
    for name, (default, by_keyword) in parameters.items():
        given, spelled = name, name
        if isinstance(default, Field) and default.default_factory is not MISSING:
            known[f"_make_{name}"] = default.default_factory
            spelled, given = f"{name}=_none", f"_make_{name}() if {name} is _none else {name}"
        elif default is not MISSING and not (isinstance(default, Field) and default.default is MISSING):
            known[f"_default_{name}"] = default.default if isinstance(default, Field) else default
            spelled = f"{name}=_default_{name}"
        (named if by_keyword else placed).append(spelled)
        body.append(f" _set_{name}(self, {given})\n")
    signature = ", ".join(placed + (named if len(named) > 1 else []))
    exec(f"def __init__({signature}):\n{''.join(body) or ' pass'}", known)
    written: Callable[..., None] = known["__init__"]
    return written


def _refuse_set(held: object, name: str, _: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(held: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(held: Any) -> list[Any]:
    return [getattr(held, one.name) for one in fields(held)]


def _take_state(held: Any, state: list[Any]) -> None:
    for one, kept in zip(fields(held), state, strict=True):
        object.__setattr__(held, one.name, kept)


_FROZEN: Mapping[str, Any] = {
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
    "__getstate__": _state,
    "__setstate__": _take_state,
}
