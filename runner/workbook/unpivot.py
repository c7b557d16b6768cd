"""Columns to rows: one row for each column named, as `unpivot` asks."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.model.frozen import frozen
from runner.model.problem import Place
from runner.workbook.findings import Findings, did_you_mean
from runner.workbook.rows import Layout, TableRow, place_of


@frozen
class UnpivotSpec:
    """`columns` become rows: their heading goes to the column `name`, their cell to the column `value`."""

    columns: tuple[str, ...]
    name: str
    value: str


def unpivoted(
    rows: Sequence[Mapping[str, Any]], places: Sequence[Place], spec: UnpivotSpec, findings: Findings
) -> tuple[tuple[Any, ...], tuple[Place, ...]]:
    """The rows and their places. An empty cell still gives a row, with None."""
    _judge(rows, places, spec, findings)
    if findings:
        return (), ()
    made: list[Any] = []
    where: list[Place] = []
    turned = frozenset(spec.columns)
    layouts: dict[tuple[int, str], Layout] = {}
    for row, place in zip(rows, places, strict=True):
        rest = {name: value for name, value in row.items() if name not in turned}
        for column in spec.columns:
            if column not in row:
                continue
            cells = {**rest, spec.name: column, spec.value: row[column]}
            made.append(_placed(cells, row, column, spec, layouts))
            where.append(place_of(row, column) or place)
    return tuple(made), tuple(where)


def _placed(
    cells: dict[str, Any],
    row: Mapping[str, Any],
    column: str,
    spec: UnpivotSpec,
    layouts: dict[tuple[int, str], Layout],
) -> Mapping[str, Any]:
    """The new row standing where the old one did: its value in the cell it was taken from."""
    if not isinstance(row, TableRow):
        return cells
    key = (id(row.layout), column)
    layout = layouts.get(key)
    if layout is None:
        at = row.layout.columns[column]
        columns = {**row.layout.columns, spec.name: at, spec.value: at}
        layout = layouts[key] = Layout(row.layout.file, row.layout.sheet, columns)
    return TableRow(cells, layout, row.line)


def _judge(
    rows: Sequence[Mapping[str, Any]], places: Sequence[Place], spec: UnpivotSpec, findings: Findings
) -> None:
    known = {name: None for row in rows for name in row}
    for column in spec.columns:
        if column not in known:
            hint = did_you_mean(column, known, "column")
            findings.add("unknown-column", f"`unpivot` names no column {column!r}", places[0], hint)
    for name in (spec.name, spec.value):
        if name in known and name not in spec.columns:
            hint = "give `name` and `value` names that no column has"
            findings.add(
                "repeated-heading", f"`unpivot` would overwrite the column {name!r}", places[0], hint
            )
    if spec.name == spec.value:
        findings.add(
            "repeated-heading", "`unpivot` has the same `name` and `value`", places[0], "name them apart"
        )
