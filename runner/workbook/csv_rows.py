"""CSV and TSV files as grids: every value is text."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from runner.model.problem import Place
from runner.workbook.findings import Findings
from runner.workbook.grid import Grid

_LINES_FOR_DELIMITER = 50


def read_csv(
    path: Path, file: str, heading: str | None, header: int | None, findings: Findings
) -> Grid | None:
    """The file as one grid, None when it cannot be read. `heading` is one that the header holds, `header` its line."""
    text = _decoded(path.read_bytes(), file, findings)
    if text is None:
        return None
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text, heading, header)
    rows: list[Sequence[str | None]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in reader:
            rows.append([value or None for value in row] if "" in row else row)
            lines.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        findings.add("table-unreadable", f"not valid CSV: {error}", Place(file, before + 1, 1), _hint(error))
        return None
    return Grid(file, "", rows, lines)


def _hint(error: csv.Error) -> str:
    if "field larger" in str(error):
        return "a quote is probably left open; otherwise the cell is too long"
    return 'close every quote, and write a quote inside a quoted cell twice: ""'


def _decoded(raw: bytes, file: str, findings: Findings) -> str | None:
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return raw.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        findings.add(
            "table-unreadable",
            f"the file is not UTF-8: byte 0x{byte:02X} on line {line}",
            Place(file, line, 1),
            "save it as “CSV UTF-8”",
        )
        return None


def _delimiter(text: str, heading: str | None, header: int | None) -> str:
    """Comma, unless the header line says clearly otherwise: more semicolons or tabs outside quotes."""
    lines = text[: 1 << 16].splitlines()[:_LINES_FOR_DELIMITER]
    candidates = [line for line in lines if line.strip()]
    if header is not None:
        candidates = lines[header - 1 : header] or candidates
    elif heading is not None:
        candidates = [line for line in candidates if heading in line] or candidates
    if not candidates:
        return ","
    bare = re.sub(r'"[^"]*"?', "", candidates[0])
    return max(",;\t", key=lambda mark: (bare.count(mark), mark == ","))
