"""A table before its header is known: rows of plain values, and where each stands."""

from collections.abc import Sequence
from typing import Any

from runner.model.frozen import frozen
from runner.model.problem import Place


@frozen
class Grid:
    """One sheet, or one CSV file. `rows[i]` stands on line (CSV) or row (sheet) `lines[i]`, counted from 1.

    Values are None, text, int, float or bool. `column` is the number of the first column of a sheet, from 1.
    """

    file: str
    sheet: str
    rows: Sequence[Sequence[Any]]
    lines: Sequence[int]
    column: int = 1

    def place(self, line: int, index: int | None = None) -> Place:
        """The place of a line, or of the cell at `index` in it."""
        return place_of_cell(self.file, self.sheet, line, self.column + (index or 0))


def place_of_cell(file: str, sheet: str, line: int, column: int) -> Place:
    """A cell of a sheet as `file[Sheet]!H8`; in a text file the line."""
    if not sheet:
        return Place(file, line, 1 if line else 0)
    return Place(file, sheet=sheet, cell=f"{letters(column)}{line}")


def letters(column: int) -> str:
    """The letters of a column: 1 → A, 27 → AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_number(text: str) -> int:
    """The number of a column's letters: A → 1, AA → 27."""
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number


def is_blank(row: Sequence[Any]) -> bool:
    """Whether nothing stands in a row but blanks."""
    for value in row:  # noqa: SIM110  # asked of every row, and a generator costs twice as much
        if value is not None and not (isinstance(value, str) and not value.strip()):
            return False
    return True


def key_text(value: Any) -> str:
    """A cell as the text of a key: `12.0` is `12`, text is trimmed, an empty cell is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
