"""One value on its way into a cell: is it fit for its column, and for a workbook at all."""

import math
import re
from functools import lru_cache
from typing import Any

from runner.model.text import Secret
from runner.workbook.template import Column

MOST_TEXT = 32_767
"""Characters (UTF-16 units) that a cell of a workbook holds."""

_NUMBER = re.compile(r"^-?(?:0|[1-9]\d*)(?:\.\d+)?$")
_EXACT = 2**53


class Unfit(Exception):
    """A value that must not stand in its cell: `code`, and what is wrong and what to do."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def cell(column: Column, value: Any) -> Any:
    """The value as it is written: plain text, int, float or bool. Raises `Unfit`."""
    if isinstance(value, str):
        made = _from_text(column, value)
    elif isinstance(value, bool):
        made = _from_bool(column, value)
    elif isinstance(value, int | float):
        made = _from_number(column, value)
    else:
        kind = "a list" if isinstance(value, list | tuple) else f"{value!r}"[:40]
        raise Unfit("wrong-cell", f"{kind} is no value for a cell", "give text, a number, true or false")
    if column.allowed and made not in column.allowed:
        allowed = ", ".join(str(choice) for choice in column.allowed)
        raise Unfit("not-allowed", f"{column.heading} may not be {made!r}", f"allowed: {allowed}")
    return made


def _from_text(column: Column, value: str) -> Any:
    if isinstance(value, Secret):
        hint = "workbooks are published: keep secrets out of their rows"
        raise Unfit("secret-cell", f"{column.heading} would show {value.reference}", hint)
    text = str.__str__(value)
    if column.type in ("number", "integer"):
        return _from_number(column, _parsed(column, text.strip()))
    if column.type == "boolean":
        word = text.strip().lower()
        if word not in ("true", "false"):
            raise Unfit("wrong-cell", f"{column.heading} may not be {text[:40]!r}", "write true or false")
        return word == "true"
    forbidden = None if text.isprintable() else _forbidden().search(text)
    if forbidden is not None:
        what = f"the character U+{ord(forbidden[0]):04X} at position {forbidden.start() + 1}"
        raise Unfit(
            "forbidden-character", f"{column.heading} holds {what}", "a workbook cannot store it: remove it"
        )
    if len(text) > MOST_TEXT // 2 and (units := len(text.encode("utf-16-le")) // 2) > MOST_TEXT:
        message = f"{column.heading} is {units:,} characters long"
        raise Unfit("too-long", message, f"a cell holds {MOST_TEXT:,}: split the row")
    return text


@lru_cache(maxsize=1)
def _forbidden() -> re.Pattern[str]:
    return re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _parsed(column: Column, text: str) -> int | float:
    if _NUMBER.match(text) is None:
        raise Unfit(
            "wrong-cell", f"{column.heading} may not be {text[:40]!r}", "write a plain number like 2 or 0.5"
        )
    return int(text) if "." not in text else float(text)


def _from_bool(column: Column, value: bool) -> bool:
    if column.type not in ("boolean", "any"):
        raise Unfit(
            "wrong-cell", f"{column.heading} may not be {str(value).lower()}", f"it takes {_said(column)}"
        )
    return value


def _from_number(column: Column, value: int | float) -> Any:
    number: int | float = int(value) if isinstance(value, int) else float(value)
    if isinstance(number, float):
        if not math.isfinite(number):
            raise Unfit(
                "wrong-cell", f"{column.heading} may not be {number}", "a cell holds finite numbers only"
            )
        if number.is_integer() and abs(number) <= _EXACT:
            number = int(number)
    if column.type == "text":
        return str(number)
    if column.type == "boolean" or (column.type == "integer" and isinstance(number, float)):
        raise Unfit("wrong-cell", f"{column.heading} may not be {number}", f"it takes {_said(column)}")
    if isinstance(number, int) and abs(number) > _EXACT:
        hint = "a workbook keeps 15 digits of a number: give it as text"
        raise Unfit("wrong-cell", f"{column.heading} would lose digits of {number}", hint)
    return number


def _said(column: Column) -> str:
    return {
        "text": "text",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
    }.get(column.type, "text, a number, true or false")
