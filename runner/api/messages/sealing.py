"""Secrets in a stored request: kept as references, and put back when it is sent."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from runner.api.messages.xml_write import escaped
from runner.model.http import Call, Upload
from runner.model.text import Secret

_REFERENCE = "secret:"
"""How a secret stands in canonical inputs (see compile/planning/canonical.py)."""
_OPEN, _CLOSE = "\x1asecret:", "\x1a"
"""The control character SUB stands in no JSON text, no URL and no header as it is."""
_OPENING = _OPEN.encode()
_TOKEN = re.compile(f"{_OPEN}(?P<form>[a-z]+):(?P<tag>[0-9a-f]{{8}}):(?P<reference>[^{_CLOSE}]*){_CLOSE}")


def secrets_in(value: Any) -> dict[str, str]:
    """The secrets in a tree of inputs: reference → value."""
    found: dict[str, str] = {}
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            if isinstance(one, Secret):
                found[one.reference] = str.__str__(one)
        elif isinstance(one, (dict, Mapping)):
            stack.extend(one.values())
        elif isinstance(one, list | tuple):
            stack.extend(one)
    return found


def refers(inputs: Any) -> bool:
    """Whether a secret stands by its reference in canonical inputs."""
    stack = [inputs]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            if one.startswith(_REFERENCE):
                return True
        elif isinstance(one, Mapping):
            stack.extend(one.values())
        elif isinstance(one, list | tuple):
            stack.extend(one)
    return False


def with_secrets(inputs: Any, secrets: Mapping[str, str]) -> Any:
    """Canonical inputs, in which a secret stands as its reference, with the secrets that are known now in its place."""
    if isinstance(inputs, Mapping):
        return {name: with_secrets(value, secrets) for name, value in inputs.items()}
    if isinstance(inputs, list | tuple):
        return [with_secrets(value, secrets) for value in inputs]
    if isinstance(inputs, str) and inputs.startswith(_REFERENCE):
        reference = inputs.removeprefix(_REFERENCE)
        return Secret(secrets[reference], reference) if reference in secrets else inputs
    return inputs


def without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """A text for the journal, with the reference of each secret in its place."""
    for reference, value in sorted(secrets.items(), key=lambda one: len(one[1]), reverse=True):
        text = text.replace(value, f"{_REFERENCE}{reference}") if value else text
    return text


def seal(call: Call, secrets: Mapping[str, str]) -> Call:
    """The call with every secret replaced by its reference, and by as much of its digest as tells when it changes."""
    if not secrets:
        return call
    tokens = {
        spell(value): f"{_OPEN}{form}:{_tag(value)}:{reference}{_CLOSE}"
        for reference, value in secrets.items()
        if value
        for form, spell in _FORMS.items()
    }
    if not tokens:
        return call
    # In one pass and the longest first, so that no secret is looked for inside the token of another.
    found = re.compile("|".join(re.escape(text) for text in sorted(tokens, key=len, reverse=True)))
    return _mapped(call, lambda text: found.sub(lambda match: tokens[match[0]], text))


def unseal(call: Call, secrets: Mapping[str, str]) -> Call | None:
    """The call as it is sent; None when a secret that stood in it has gone, or is another one now."""
    if not _is_sealed(call):
        return call
    lost = False

    def opened(match: re.Match[str]) -> str:
        nonlocal lost
        value = secrets.get(match["reference"])
        if value is None or _tag(value) != match["tag"] or match["form"] not in _FORMS:
            lost = True
            return match[0]
        return _FORMS[match["form"]](value)

    made = _mapped(call, lambda text: _TOKEN.sub(opened, text))
    return None if lost else made


def _is_sealed(call: Call) -> bool:
    """Whether a reference may stand anywhere in the call."""
    texts = [call.path, *[value for _, value in call.headers]]
    if _OPEN in "\n".join(texts):
        return True
    return any(isinstance(piece, bytes) and _OPENING in piece for piece in call.body)


def _tag(value: str) -> str:
    """Eight digits of a digest: they tell that a secret has changed, and do not tell it."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:8]


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
