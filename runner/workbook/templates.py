"""Templates of workbooks: which sheet, which columns, and what fills them. A template is data."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.api.parse import parse
from runner.api.schemas import schema_names, schema_text
from runner.model.errors import InvalidInput
from runner.model.frozen import frozen
from runner.model.problem import Place, Problem
from runner.workbook.findings import did_you_mean

_FOLDER = "templates"
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


def template_names() -> tuple[str, ...]:
    """The names of the templates that come with runner."""
    return tuple(Path(name).stem for name in schema_names(_FOLDER) if name.endswith(".yaml"))


def is_path(name: str) -> bool:
    """Whether a `template:` is a file of the user's: it holds `/` or ends in `.xlsx`."""
    return "/" in name or name.lower().endswith(".xlsx")


def load_template(name: str, folder: Path) -> Template:
    """The template of that name, or the vendor's own workbook at that path, relative to `folder`.

    InvalidInput when there is none, or when the workbook cannot serve; the place names the template's file.
    """
    if is_path(name):
        from runner.workbook.vendor import vendor_template

        return vendor_template(name, folder)
    if name not in template_names():
        hint = did_you_mean(name, template_names(), "template") + "; a file of your own is named by its path"
        raise InvalidInput([Problem("unknown-template", f"there is no template {name!r}", Place(name), hint)])
    file = f"{_FOLDER}/{name}.yaml"
    raw = parse(schema_text(file), file)
    columns = tuple(_column(entry) for entry in raw["columns"])
    return Template(raw["name"], raw["sheet"], columns, raw.get("title", ""), open=raw.get("open", False))


def _column(entry: Mapping[str, Any]) -> Column:
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Column(**given)
