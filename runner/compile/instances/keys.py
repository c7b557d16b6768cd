"""Item keys: what names an instance for good."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from runner.compile.expressions.template import ExpressionError
from runner.model.unknown import Unknown, UnknownReached

MOST = 128
_MARKS = frozenset("._-+@:")
_PLAIN = re.compile(rf"[A-Za-z0-9._\-+@:]{{1,{MOST}}}")


class BadKey(ExpressionError):
    """A value that cannot be a key."""

    code = "bad-key"


class NoKey(ExpressionError):
    """An item from which no key can be made."""

    code = "missing-key"


def key_of(value: Any) -> str:
    """The key that a value is: NFC text of 1 to 128 letters, digits and `. _ - + @ :`, or an integer.

    Raises:
        BadKey, NoKey: it is neither.
        UnknownReached: it is known only after apply.
    """
    if type(value) is str and _PLAIN.fullmatch(value):
        return value
    if isinstance(value, Unknown):
        raise UnknownReached(value)
    if value is None:
        raise NoKey(
            "the key is empty", "fill it, name another column in `key:`, or leave the item out with `where:`"
        )
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadKey("a key is a text or an integer", "name one with `key:`")
    text = unicodedata.normalize("NFC", str(value))
    if not text:
        raise NoKey(
            "the key is empty", "fill it, name another column in `key:`, or leave the item out with `where:`"
        )
    if len(text) > MOST:
        raise BadKey(
            f'the key "{text[:40]}…" has {len(text)} characters; at most {MOST} fit', "choose a shorter one"
        )
    for character in text:
        if character not in _MARKS and unicodedata.category(character)[0] not in "LMN":
            raise BadKey(
                f'the key "{text}" holds {_spelled(character)}', "keys hold letters, digits and `. _ - + @ :`"
            )
    return text


def natural_key(item: Any) -> str:
    """The key of an item for which the manifest names none: its `id` or `name`, or the scalar itself.

    Raises:
        BadKey, NoKey: there is none.
    """
    if isinstance(item, Mapping):
        for name in ("id", "name"):
            if item.get(name) is not None:
                return key_of(item[name])
        if any(name in item for name in ("id", "name")):
            return key_of(None)
        raise NoKey(
            "the item has no `id` or `name` to be its key", "say what is: `for_each: {…, key: COLUMN}`"
        )
    if isinstance(item, list | tuple):
        raise NoKey(
            "a list has no key", "make each item a mapping with an `id`, or give them keys in a mapping"
        )
    return key_of(item)


class Taken:
    """The keys of one `for_each`, unique also without regard to case."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, object]] = {}

    def take(self, key: str, owner: object) -> tuple[str, object] | None:
        """None when the key was free, else the key that stands in its way and its owner."""
        first = self._held.setdefault(key.casefold(), (key, owner))
        return None if first[1] is owner else first


def _spelled(character: str) -> str:
    if character == "/":
        return "a `/`, which joins the keys of a product"
    if character.isspace():
        return "a blank"
    return f"`{character}`" if character.isprintable() else "a character that cannot be printed"
