"""What a workbook looks like: which sheet, which columns, and what fills them. A template is data."""

import re
from typing import Any

from runner.model.frozen import frozen

LANGUAGE = "<LANG>"


@frozen
class Column:
    """A column. A heading with `<LANG>` stands for one column a language, its language matching `pattern`.

    `type` is text, number, integer, boolean or any. `required`: every row fills it (of columns by language:
    one of them). `always`: written even when no row fills it. `numbered`: 1…n when no row gives a value. A
    value outside `allowed` is a problem, a language outside `known` a warning. `position` is its number in
    a vendor's file, from 1.
    """

    heading: str
    field: str = ""
    type: str = "any"
    required: bool = False
    always: bool = False
    unique: bool = False
    numbered: bool = False
    allowed: tuple[Any, ...] = ()
    pattern: str = ""
    known: tuple[str, ...] = ()
    position: int = 0

    @property
    def by_language(self) -> bool:
        return bool(self.pattern) and LANGUAGE in self.heading


@frozen
class Template:
    """A workbook's form. `base` is the vendor's own file, of which rows below `header_row` are exchanged. With `open`
    rows may have columns of their own, which stand behind the others in the order of their headings."""

    name: str
    sheet: str
    columns: tuple[Column, ...]
    title: str = ""
    base: bytes | None = None
    header_row: int = 1
    open: bool = False


def folded(name: str) -> str:
    """A heading as headings meet: without regard to case, spaces and underscores."""
    return re.sub(r"[\s_]+", "", name).casefold()
