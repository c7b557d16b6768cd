"""What is not known until apply."""

from typing import Any, NoReturn


class UnknownReached(Exception):
    """An operation needed the value of an Unknown; whoever evaluates makes the whole scalar Unknown."""

    def __init__(self, unknown: "Unknown") -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


class Unknown:
    """A value that only apply can know; `reason` is the reference it stands for (`jobs.dub["ep01"].outputs.id`).

    It may be passed on as it is. Whatever looks into it raises `UnknownReached`, so that no operation can
    quietly turn it into a wrong value.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def _reached(self, *_: Any, **__: Any) -> NoReturn:
        raise UnknownReached(self)

    __str__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __call__ = _reached
    __int__ = __float__ = __index__ = __complex__ = __format__ = _reached
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _reached
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _reached
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = (
        _reached
    )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnknownReached(self)

    def __repr__(self) -> str:
        return "(known after apply)"


def contains_unknown(value: Any) -> bool:
    """Whether an Unknown stands anywhere in a tree of mappings and lists."""
    return first_unknown(value) is not None


def first_unknown(value: Any) -> Unknown | None:
    """The first Unknown in a tree of mappings and lists, or None."""
    if isinstance(value, Unknown):
        return value
    children: Any = ()
    if isinstance(value, dict):
        children = value.values()
    elif isinstance(value, list | tuple):
        children = value
    for child in children:
        found = first_unknown(child)
        if found is not None:
            return found
    return None
