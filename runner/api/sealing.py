"""Secrets in a stored request: kept as references, and put back when it is sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from runner.api.xml_write import escaped
from runner.model.http import Call, Upload
from runner.model.text import Secret

_OPEN, _CLOSE = "\x1asecret:", "\x1a"
"""The control character SUB stands in no JSON text, no URL and no header as it is."""


def secrets_in(value: Any) -> dict[str, str]:
    """The secrets in a tree of inputs: reference → value."""
    found: dict[str, str] = {}
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, Secret):
            found[one.reference] = str.__str__(one)
        elif isinstance(one, Mapping):
            stack.extend(one.values())
        elif isinstance(one, list | tuple):
            stack.extend(one)
    return found


def seal(call: Call, secrets: Mapping[str, str]) -> Call:
    """The call with every secret replaced by its reference."""
    if not secrets:
        return call

    def sealed(text: str) -> str:
        for reference, value in secrets.items():
            for form, spell in _FORMS.items():
                text = text.replace(spell(value), f"{_OPEN}{form}:{reference}{_CLOSE}") if value else text
        return text

    return _mapped(call, sealed)


def unseal(call: Call, secrets: Mapping[str, str]) -> Call | None:
    """The call as it is sent; None when a secret that stood in it is not to be had any more."""

    def opened(text: str) -> str:
        for reference, value in secrets.items():
            for form, spell in _FORMS.items():
                text = text.replace(f"{_OPEN}{form}:{reference}{_CLOSE}", spell(value))
        return text

    made = _mapped(call, opened)
    left = (made.path, *(value for _, value in made.headers), made.content().decode("utf-8", "replace"))
    return None if any(_OPEN in text for text in left) else made


def _mapped(call: Call, change: Callable[[str], str]) -> Call:
    def piece(one: bytes | Upload) -> bytes | Upload:
        if isinstance(one, Upload):
            return one
        try:
            return change(one.decode()).encode()
        except UnicodeDecodeError:
            return one

    return replace(
        call,
        path=change(call.path),
        headers=tuple((name, change(value)) for name, value in call.headers),
        body=tuple(piece(one) for one in call.body),
    )


_FORMS: Mapping[str, Callable[[str], str]] = {
    "json": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "plain": lambda value: value,
    "path": lambda value: quote(value, safe=""),
    "form": quote_plus,
    "xml": escaped,
}
