"""Building a workbook from rows. The same rows make the same bytes, on any day and any machine."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import IO, Any

from runner.model.frozen import frozen
from runner.model.problem import Place, Problem
from runner.workbook.cells import Unfit, cell
from runner.workbook.columns import Matcher, Target
from runner.workbook.findings import Findings
from runner.workbook.made import NOTHING, Made, made
from runner.workbook.rows import Row
from runner.workbook.template import Template

MOST_ROWS = 1_048_575
"""Rows that a sheet holds below its header."""

_UNFIT: Any = object()  # stands where a cell was given but may not stand there, which is a problem of its own

Cells = list[Any]
"""A row's values by the slots of their columns; shorter where the last ones are absent."""


@frozen
class Built:
    """A workbook, or the problems that forbid it (`content` is nothing then). Warnings do not forbid it."""

    content: Made
    rows: int
    problems: tuple[Problem, ...] = ()

    @property
    def sha256(self) -> str:
        return self.content.sha256


def build(
    template: Template, rows: Sequence[Row], *, ignore: Collection[str] = (), where: Place | None = None
) -> Built:
    """The workbook of the rows.

    A cell meets its column by field or heading, without regard to case, spaces and underscores. One that meets
    no column is a problem unless named in `ignore` (names as the rows spell them; what expressions of `columns:`
    use belongs there too). `where` is the place of problems of the whole. RunnerError when there is no room for it.
    """
    fitted = _fitted(template, rows, ignore, where or Place(template.name))
    if any(not problem.warning for problem in fitted.problems):
        return Built(NOTHING, 0, fitted.problems)
    order = [fitted.slots.get(target, len(fitted.slots)) for target in fitted.targets]
    count = len(fitted.cells)
    body = ([_at(cells, slot) for slot in order] for cells in _emptied(fitted.cells))
    content = made(lambda file: _write(file, template, fitted.targets, body))
    return Built(content, count, fitted.problems)


def misfits(
    template: Template, rows: Sequence[Row], *, ignore: Collection[str] = (), where: Place | None = None
) -> tuple[Problem, ...]:
    """The problems and warnings of the workbook of these rows, without making it."""
    return _fitted(template, rows, ignore, where or Place(template.name)).problems


@frozen
class _Fitted:
    """Rows as cells by the slots of their columns, and the columns that are written."""

    cells: list[Cells]
    slots: dict[Target, int]
    targets: list[Target]
    problems: tuple[Problem, ...]


def _fitted(template: Template, rows: Sequence[Row], ignore: Collection[str], where: Place) -> _Fitted:
    findings = Findings()
    if not rows:
        findings.add("empty-table", "there are no rows for the workbook", where, "give it rows")
    if len(rows) > MOST_ROWS:
        message = f"{len(rows):,} rows do not fit: a sheet holds {MOST_ROWS:,}"
        findings.add("too-many-rows", message, where, "split them over several workbooks")
        rows = rows[:MOST_ROWS]
    slots: dict[Target, int] = {}
    matcher = Matcher(template, ignore)
    filled = [_filled(row, matcher, slots, findings) for row in rows]
    targets = _written(template, slots)
    _number(targets, slots, filled)
    _judge_rows(template, rows, filled, slots, findings)
    _judge_unique(rows, filled, slots, findings)
    return _Fitted(filled, slots, targets, findings.close(where.file))


def published_name(stem: str, sha256: str, suffix: str = ".xlsx") -> str:
    """`<stem>-<sha12>.xlsx`: a file name that is safe everywhere and changes with the content."""
    ascii_only = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_only).strip(".-")[:80].rstrip(".-")
    return f"{safe or 'workbook'}-{sha256[:12]}{suffix}"


def _filled(row: Row, matcher: Matcher, slots: dict[Target, int], findings: Findings) -> Cells:
    """The row's cells by their columns, judged and made plain."""
    made: dict[int, Any] = {}
    for name, value in _flat(row.by_hand):
        target = matcher.meet(name, row, findings, by_hand=True)
        if target is not None and value is not None:
            made[slots.setdefault(target, len(slots))] = _judged(target, name, value, row, findings)
    by_hand = matcher.by_hand(row.by_hand)
    for name, value in _flat(row.cells):
        target = matcher.meet(name, row, findings)
        if target is None or value is None or target in by_hand:
            continue
        slot = slots.setdefault(target, len(slots))
        if slot in made:
            message = f"two fields of the row fill the column {target.heading}; one is {name!r}"
            findings.add("repeated-cell", message, row.where(name), "name one of them in `ignore`")
            continue
        made[slot] = _judged(target, name, value, row, findings)
    return [made.get(slot) for slot in range(max(made, default=-1) + 1)]


def _judged(target: Target, name: str, value: Any, row: Row, findings: Findings) -> Any:
    try:
        return cell(target.column, value)
    except Unfit as unfit:
        findings.add(unfit.code, unfit.message, row.where(name), unfit.hint)
        return _UNFIT


def _emptied(filled: list[Cells]) -> Iterator[Cells]:
    """Each row's cells, let go of as they are written: a large workbook is not held twice."""
    filled.reverse()
    while filled:
        yield filled.pop()


def _at(cells: Cells, slot: int) -> Any:
    return cells[slot] if slot < len(cells) else None


def _flat(cells: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in cells.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _written(template: Template, slots: Collection[Target]) -> list[Target]:
    """The columns that are written, in the template's order; languages in the order of their names."""
    used = set(slots)
    for index, column in enumerate(template.columns):
        if (column.required or column.always or template.base is not None) and not column.by_language:
            used.add(Target(index, column.heading, column))
    return sorted(used, key=lambda target: (target.index, target.heading))


def _number(targets: Sequence[Target], slots: dict[Target, int], filled: Sequence[Cells]) -> None:
    for target in targets:
        if target.column.numbered and target not in slots:
            slot = slots[target] = len(slots)
            for number, cells in enumerate(filled, 1):
                cells.extend([None] * (slot - len(cells)))
                cells.append(number)


def _judge_rows(
    template: Template,
    rows: Sequence[Row],
    filled: Sequence[Cells],
    slots: Mapping[Target, int],
    findings: Findings,
) -> None:
    """Every row fills what is required: the column, or one of the columns by language."""
    for index, column in enumerate(template.columns):
        if not column.required:
            continue
        alike = [slot for target, slot in slots.items() if target.index == index]
        for row, cells in zip(rows, filled, strict=True):
            if any(_is_given(_at(cells, slot)) for slot in alike):
                continue
            what = f"a {column.heading} column" if column.by_language else column.heading
            hint = "fill it, or leave the row out with `where`"
            if column.by_language and not alike:
                hint = "name one, like Text_FR-FR, in the table or by `columns:`"
            findings.add("missing-cell", f"the row has nothing for {what}", row.place, hint)


def _is_given(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _judge_unique(
    rows: Sequence[Row], filled: Sequence[Cells], slots: Mapping[Target, int], findings: Findings
) -> None:
    for target, slot in slots.items():
        if not target.column.unique:
            continue
        seen: dict[str, Row] = {}
        for row, cells in zip(rows, filled, strict=True):
            value = _at(cells, slot)
            if value is None or value is _UNFIT:
                continue
            first = seen.setdefault(unicodedata.normalize("NFC", str(value)).strip().casefold(), row)
            if first is not row:
                message = f"{target.heading} {value!r} stands twice; first at {first.place}"
                findings.add("repeated-cell", message, row.place, "results are matched by it: rename one")


def _write(file: IO[bytes], template: Template, targets: Sequence[Target], body: Iterator[list[Any]]) -> None:
    if template.base is not None:
        from runner.workbook.vendor import filled_workbook

        filled_workbook(file, template, targets, body)
    else:
        from runner.workbook.new_book import new_workbook

        new_workbook(file, template.sheet, [target.heading for target in targets], body)
