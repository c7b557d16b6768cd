"""The inputs of an instance in one form, and their digest: what decides whether paid work is still wanted as it is."""

import hashlib
import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from runner.model.frozen import frozen
from runner.model.text import LocalFile, PublishedUrl, Secret
from runner.model.unknown import Unknown, UnknownReached


@frozen
class Canonical:
    """`digest` is the sha256 of `uses` and `inputs`; `inputs` is JSON, fit for the journal: no secret is in it."""

    digest: str
    inputs: Any


def canonical(uses: str, inputs: Any, provider: object = None, leave_out: Collection[str] = ()) -> Canonical:
    """The canonical form of evaluated inputs.

    Null is left out; the order of fields does not count; a number is the same with or without `.0`; the text of
    a file counts as text, a local or published file by its sha256, a secret by its reference. `leave_out` names
    dotted fields that do not count (a minted mark, a webhook's URL). What runner adds by itself never stands in
    `inputs`, so that `provider` need not be looked at.

    Raises:
        UnknownReached: something is known only after apply.
    """
    try:
        if leave_out:
            raise _NotPlain
        made, text = inputs, f"[{encode_basestring(uses)},{_json(inputs)}]"
    except _NotPlain:
        made = _plain(inputs, "", frozenset(leave_out))
        text = json.dumps([uses, made], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Canonical(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), made)


class _NotPlain(Exception):
    """A value that is not its own canonical form, or needs more care to be written."""


def _json(value: Any) -> str:
    """The JSON text of texts, whole numbers, booleans, and lists and mappings of them, as `json.dumps` writes it."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        return "{" + ",".join([head + _json(value[name]) for name, head in _heads(tuple(value))]) + "}"
    if kind is list:
        return "[" + ",".join([_json(child) for child in value]) + "]"
    if kind is int:
        return int.__repr__(value)
    if kind is bool:
        return "true" if value else "false"
    raise _NotPlain


@lru_cache(maxsize=1024)
def _heads(names: tuple[Any, ...]) -> tuple[tuple[str, str], ...]:
    """The names of a mapping in their order, each with how its field begins."""
    if not all(type(name) is str for name in names):
        raise _NotPlain
    return tuple((name, f"{encode_basestring(name)}:") for name in sorted(names))


def _plain(value: Any, path: str, leave_out: frozenset[str]) -> Any:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Unknown):
        raise UnknownReached(value)
    if isinstance(value, Mapping):
        made = {}
        for name, child in value.items():
            inner = f"{path}.{name}" if path else str(name)
            if child is not None and inner not in leave_out:
                made[str(name)] = _plain(child, inner, leave_out)
        return made
    return [_plain(child, path, leave_out) for child in value if child is not None]


def _text(value: str) -> str:
    if type(value) is str:
        return value
    if isinstance(value, Secret):
        return f"secret:{value.reference}"
    if isinstance(value, LocalFile | PublishedUrl):
        return f"sha256:{value.sha256}"
    return str.__str__(value)
