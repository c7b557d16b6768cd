"""Marks: what a request carries so that its effect can be found again."""

import base64
import html
import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any

from runner.api.vocabulary.lifedata import Limit, Pointer

_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 20
_LETTERS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET)


def mint_bits() -> str:
    """Twenty characters of 100 random bits, in letters that nobody confuses."""
    return base64.b32encode(secrets.token_bytes(15))[:_LENGTH].translate(_LETTERS).decode("ascii")


def fold_mark(mark: str) -> str:
    """The form in which marks are compared: NFC, trimmed, without case."""
    if mark.isascii():  # it is its own NFC, and so is what becomes of it
        return mark.strip().casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", mark).strip().casefold())


def receipt_key(id: str) -> str:
    """The id of a bulk request where it stands among the ids of things."""
    return f"\0{id}"


def loose_mark(mark: str) -> str:
    """What is left of a mark where an API keeps it in a form of its own: escaped for pages, its spaces drawn together,
    letters of one look made one."""
    if mark.isascii() and "&" not in mark:
        return " ".join(mark.casefold().split())
    return " ".join(unicodedata.normalize("NFKC", html.unescape(mark)).casefold().split())


def minted_mark(address: str, bits: str, limit: Limit, given: str = "") -> str:
    """A mark for people and machines: the user's own text or the address, then the bits, within the API's limits.

    Characters that the API's pattern refuses become hyphens; what is too long loses its end, never the bits.
    """
    room = limit.max - len(bits) - 1
    lead = (given or address)[: max(room, 0)].rstrip()
    text = f"{lead} {bits}" if lead else bits
    if limit.pattern and not re.search(limit.pattern, text):
        text = "-".join(part for part in re.split(r"[^A-Za-z0-9]+", lead) if part)
        text = f"{text}-{bits}" if text else bits
    return text


def mark_in(inputs: Mapping[str, Any], field: Pointer) -> str:
    """The text that the user wrote into the reference field, or an empty one: spaces alone are no mark."""
    value: Any = inputs
    for step in field.strip("/").split("/"):
        if not isinstance(value, Mapping) or step not in value:
            return ""
        value = value[step]
    text = "" if value is None else str(value)
    return text if text.strip() else ""


def with_mark(inputs: Mapping[str, Any], field: Pointer, mark: str) -> dict[str, Any]:
    """The inputs with the reference field set; nothing else is changed, and nothing is shared that could change."""
    steps = field.strip("/").split("/")
    made = dict(inputs)
    inner = made
    for step in steps[:-1]:
        child = inner.get(step)
        inner[step] = dict(child) if isinstance(child, Mapping) else {}
        inner = inner[step]
    inner[steps[-1]] = mark
    return made
