"""Rows that know where they stand, so that a problem found much later still names the cell."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, overload

from runner.model.frozen import frozen
from runner.model.problem import Place
from runner.workbook.grid import place_of_cell


@frozen
class Layout:
    """What all rows of one sheet share: `columns` maps a heading to its column number, from 1."""

    file: str
    sheet: str
    columns: Mapping[str, int]


class TableRow(dict[str, Any]):
    """A row: heading → value, None for an empty cell. To everyone but `place_of` a plain mapping."""

    __slots__ = ("layout", "line")

    layout: Layout
    line: int

    def __init__(
        self, cells: Mapping[str, Any] | Iterable[tuple[str, Any]], layout: Layout, line: int
    ) -> None:
        super().__init__(cells)
        self.layout = layout
        self.line = line

    @property
    def place(self) -> Place:
        """The row's first cell, or its line."""
        return self.cell(None)

    def cell(self, heading: str | None) -> Place:
        """The cell under a heading (its line in a text file)."""
        columns = self.layout.columns
        first = min(columns.values(), default=1)
        return place_of_cell(
            self.layout.file, self.layout.sheet, self.line, columns.get(heading or "", first)
        )


class RowPlaces(Sequence[Place]):
    """The places of rows, made only for whom asks: a row knows its own."""

    __slots__ = ("rows",)

    def __init__(self, rows: Sequence[TableRow]) -> None:
        self.rows = rows

    @overload
    def __getitem__(self, index: int) -> Place: ...
    @overload
    def __getitem__(self, index: slice) -> "RowPlaces": ...
    def __getitem__(self, index: int | slice) -> "Place | RowPlaces":
        return RowPlaces(self.rows[index]) if isinstance(index, slice) else self.rows[index].place

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, chosen: Sequence[int]) -> "RowPlaces":
        """The places of the rows at these indices."""
        return RowPlaces([self.rows[index] for index in chosen])


def place_of(row: Any, heading: str | None = None) -> Place | None:
    """Where a row (or its cell under a heading) stands, if it came from a table; else None."""
    return row.cell(heading) if isinstance(row, TableRow) else None


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@frozen
class Row:
    """A row for a workbook, evaluated: field or heading → cell. A mapping inside gives dotted fields
    (`settings.noOfSpeakers`).

    `by_hand` are cells of `columns:` in a manifest; they win, and their headings must exist. `source` is the
    table's row that the cells came from, for the places of problems.
    """

    cells: Mapping[str, Any]
    place: Place
    by_hand: Mapping[str, Any] = _NOTHING
    source: Any = None

    def where(self, name: str) -> Place:
        """The place of the cell called `name`, or of the row."""
        row = self.source if self.source is not None else self.cells
        return place_of(row, name) or self.place
