"""Secrets never surface: they are named, not shown."""

from collections.abc import Iterable, Mapping
from typing import Any

from runner.model.text import Secret

SHORTEST = 4
"""Shorter values are not searched for in texts: they would meet ordinary words."""


class Masker:
    """Takes secrets out of texts and values, also where they were base64-, URL- or JSON-encoded."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        found: dict[str, str] = {}
        for secret in secrets:
            if len(secret) >= SHORTEST:
                found.update(dict.fromkeys(_spellings(str.__str__(secret)), f"({secret.reference})"))
        # The longest first, so that no part of a longer spelling is left standing.
        self._found = sorted(found.items(), key=lambda item: -len(item[0]))

    def text(self, text: str) -> str:
        """The text with each secret replaced by the name of where it came from."""
        for spelled, name in self._found:
            if spelled in text:
                text = text.replace(spelled, name)
        return text

    def value(self, value: Any) -> Any:
        """A tree of JSON values with each secret replaced."""
        if isinstance(value, Secret):
            return f"({value.reference})"
        if isinstance(value, str):
            return self.text(str.__str__(value))
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(child) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child) for child in value]
        return value


def _spellings(plain: str) -> set[str]:
    import base64
    import json
    from urllib.parse import quote, quote_plus

    raw = plain.encode()
    quoted = json.dumps(plain)[1:-1]
    found = {
        plain,
        quote(plain, safe=""),
        quote_plus(plain),
        quoted,
        json.dumps(plain, ensure_ascii=False)[1:-1],
    }
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found |= {encode(raw).decode(), encode(raw).decode().rstrip("=")}
    return found
