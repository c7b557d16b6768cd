"""Rows as YAML to paste into a manifest: what is text there stays text here."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_WORDS = frozenset({"true", "false", "null"})
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_EXPRESSION = "${{"
_LITERAL = "${{ '${{' }}"


def rows_yaml(value: Any) -> str:
    """The rows of a table, or its rows by key, as a YAML block that ends with a line break.

    Every text is quoted, so that `00123`, `no` or a date is never taken for something else, and `${{` in a text means
    itself. An empty cell is `null`, which in `with` means: left out.
    """
    if isinstance(value, Mapping):
        return "".join(f"{_key(str(key))}:\n{_block(row, '  ')}" for key, row in value.items()) or "{}\n"
    return "".join("- " + _block(row, "  ")[2:] for row in value) or "[]\n"


def _block(row: Any, indent: str) -> str:
    """A row's fields, one a line; what is no mapping, or an empty one, on a line of its own."""
    if isinstance(row, Mapping) and row:
        return "".join(f"{indent}{_key(str(name))}: {_flow(value)}\n" for name, value in row.items())
    return f"{indent}{_flow(row)}\n"


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(name))}: {_flow(child)}" for name, child in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(child) for child in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return _number(value)
    return _quoted(str(value).replace(_EXPRESSION, _LITERAL))


def _number(value: int | float) -> str:
    """The number, as an expression where a manifest would take so many digits for a text."""
    text = format(Decimal(repr(value)), "f")
    return text if _NUMBER.fullmatch(text) else f'"${{{{ {value!r} }}}}"'


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) and name.lower() not in _WORDS else _quoted(name)


def _quoted(text: str) -> str:
    """The text in double quotes. JSON's escapes are YAML's too; YAML wants a few more characters escaped."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
