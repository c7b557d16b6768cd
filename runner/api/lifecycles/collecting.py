"""Lists as they are asked for on behalf of some inputs."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runner.api.lifecycles.effects import Collection
from runner.api.provider import Provider
from runner.api.vocabulary.locate import MISSING, Scope, locate


def collection_of(
    provider: Provider, account: str, name: str, inputs: Mapping[str, Any], mark: str = ""
) -> Collection:
    """The list `name` as it is asked for on behalf of these inputs."""
    spec = provider.lists[name]
    sent: dict[str, Any] = {}
    for parameter, source in spec.send.items():
        value = source[0] if isinstance(source, list) else locate(source, Scope(request=inputs))
        if value is not MISSING and value is not None:
            sent[parameter] = value
    made = _one_for_all if all(type(value) is str for value in sent.values()) else _collection
    return made(provider.name, account, name, tuple(sorted(sent.items())), mark)


def _collection(
    provider: str, account: str, name: str, inputs: tuple[tuple[str, Any], ...], mark: str
) -> Collection:
    words = " ".join(f"{key}={value}" for key, value in inputs)
    return Collection(provider, name, inputs, f"{account} {name} {words}".rstrip(), mark)


# Thousands wait for one list. Texts alone may share: 1 and true are equal, and not the same list.
_one_for_all = lru_cache(maxsize=1024)(_collection)
