"""Writes docs/reliability.md anew: its text as it stands, and the table from the tests' markers.

python tests/support/fault_table.py > docs/reliability.md
"""

import sys
from pathlib import Path

import pytest
from faultbook import AREAS, Row, row_of

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: made by the tests -->", "<!-- end of faults -->"


class Collector:
    """Takes the rows of all collected tests."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Row] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for marker in item.iter_markers("fault"):
                row = row_of(marker)
                known = self.rows.setdefault((row.area, row.title), row)
                assert known == row, f"two tests say different things of {row.title!r}"


def rows_of(folder: Path) -> list[Row]:
    """The rows that the tests below `folder` declare."""
    collector = Collector()
    code = pytest.main(
        [
            "-o",
            "addopts=--import-mode=importlib",
            "--collect-only",
            "-p",
            "no:terminal",
            "-p",
            "no:randomly",
            str(folder),
        ],
        plugins=[collector],
    )
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"the tests could not be collected ({code})")
    return list(collector.rows.values())


def table(rows: list[Row]) -> str:
    lines = []
    for area, title in AREAS.items():
        mine = sorted((row for row in rows if row.area == area), key=lambda row: row.title)
        if mine:
            lines += [
                "",
                f"### {title}",
                "",
                "| fault | what you see | what is kept |",
                "| --- | --- | --- |",
            ]
            lines += [
                f"| {_cell(row.title)} | {_cell(row.sees)} | {_cell(row.kept_text())} |" for row in mine
            ]
    return "\n".join([*lines, ""])


def page(text: str, rows: list[Row]) -> str:
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table(rows)}\n{END}{tail}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    out, sys.stdout = sys.stdout, sys.stderr
    made = page(PAGE.read_text("utf-8"), rows_of(Path(__file__).parents[1]))
    out.write(made)
