"""What a scalar without quotes means in a manifest.

Plain `true`, `false`, `null`, `~`, nothing and decimal numbers have their meaning; every other scalar is text. An
exponent makes no number: `61e21` is somebody's id.
"""

import re
from typing import Any

_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER = re.compile(r"-?[1-9][0-9]{0,39}|0")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,39})\.[0-9]{1,40}")
_NUMERIC = frozenset("0123456789-")


def plain_value(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text
