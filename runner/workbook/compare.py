"""What changed between two workbooks, cell by cell."""

import difflib
import io
from collections.abc import Iterator, Sequence
from typing import Any

from runner.model.plan import FieldDiff
from runner.workbook.grid import key_text, letters

_ALIGNED_ROWS = 3_000
"""Up to so many differing rows, rows that were added or taken out are recognised as such; beyond, rows are
compared by their number, as aligning takes the square of the time."""

Cells = tuple[Any, ...]


def cell_diff(before: bytes, after: bytes) -> list[FieldDiff]:
    """The cells that differ, as `Sheet!C4`, in the order of sheets, rows and columns.

    Both are workbooks; empty bytes stand for none. A cell of a row that is new or gone stands at its own
    address there, with None on the other side.
    """
    old, new = _sheets(before), _sheets(after)
    made: list[FieldDiff] = []
    for name in dict.fromkeys((*old, *new)):
        made.extend(_sheet_diff(name, old.get(name, []), new.get(name, [])))
    return made


def _sheets(content: bytes) -> dict[str, list[Cells]]:
    from python_calamine import load_workbook

    if not content:
        return {}
    with load_workbook(io.BytesIO(content)) as book:
        return {
            name: [tuple(row) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
            for name in book.sheet_names
        }


def _sheet_diff(name: str, old: Sequence[Cells], new: Sequence[Cells]) -> Iterator[FieldDiff]:
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(middle_old), len(middle_new)) > _ALIGNED_ROWS:
        yield from _paired(name, middle_old, middle_new, start, start)
        return
    matcher = difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False)
    for kind, first, last, first_new, last_new in matcher.get_opcodes():
        if kind != "equal":
            pair = middle_old[first:last], middle_new[first_new:last_new]
            yield from _paired(name, *pair, start + first, start + first_new)


def _paired(
    name: str, old: Sequence[Cells], new: Sequence[Cells], old_start: int, new_start: int
) -> Iterator[FieldDiff]:
    """Rows compared one by one; those left over are gone, or new."""
    for index in range(max(len(old), len(new))):
        was = old[index] if index < len(old) else ()
        now = new[index] if index < len(new) else ()
        row = (new_start if index < len(new) else old_start) + index + 1
        for column in range(max(len(was), len(now))):
            left = _said(was, column)
            right = _said(now, column)
            if left != right:
                yield FieldDiff(f"{name}!{letters(column + 1)}{row}", left, right)


def _said(row: Cells, column: int) -> str | None:
    if column >= len(row) or row[column] == "":
        return None
    value = row[column]
    return value if isinstance(value, str) else key_text(value)
