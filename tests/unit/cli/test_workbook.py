"""`runner workbook read`: a table as YAML, or what is wrong with it."""

import json
from pathlib import Path

from openpyxl import Workbook

from runner.compile.text.source import parse_yaml


def book(folder: Path) -> None:
    made = Workbook()
    first = made.active
    assert first is not None
    first.title = "Notes"
    first.append(["key", "value"])
    first.append(["a", 1])
    lines = made.create_sheet("Dialogue")
    lines.append(["Season one"])
    lines.append([])
    lines.append(["Line ID", "Text", "Seconds", "Take"])
    lines.append(["00123", "=1+1, he said", 2.5, None])
    lines.append(["no", "${{ vars.x }}", 12, True])
    lines["B4"].data_type = "s"
    made.save(folder / "script.xlsx")


ROWS = [
    {"Line ID": "00123", "Text": "=1+1, he said", "Seconds": 2.5, "Take": None},
    {"Line ID": "no", "Text": "${{ '${{' }} vars.x }}", "Seconds": 12, "Take": True},
]


def test_rows_are_printed_as_yaml_that_the_manifests_reader_takes(runner, folder: Path) -> None:
    book(folder)

    ended = runner("workbook", "read", "script.xlsx", "--sheet", "Dialogue", "--header", "Line ID")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith('- "Line ID": "00123"\n  Text: "=1+1, he said"\n')
    assert parse_yaml(ended.out, "pasted").value == ROWS


def test_the_header_may_be_a_row_and_the_first_sheet_is_the_default(runner, folder: Path) -> None:
    book(folder)

    by_row = runner("workbook", "read", "script.xlsx", "--sheet", "Dialogue", "--header", "3")
    first = runner("workbook", "read", "script.xlsx")

    assert parse_yaml(by_row.out, "pasted").value == ROWS
    assert first.out == '- key: "a"\n  value: 1\n'


def test_several_sheets_are_read_one_after_the_other(runner, folder: Path) -> None:
    made = Workbook()
    for name, text in (("One", "a"), ("Two", "b"), ("Three", "c")):
        sheet = made.create_sheet(name)
        sheet.append(["id"])
        sheet.append([text])
    del made["Sheet"]
    made.save(folder / "three.xlsx")

    ended = runner("workbook", "read", "three.xlsx", "--sheet", "Three", "--sheet", "One")

    assert sorted(ended.out.splitlines()) == ['- id: "a"', '- id: "c"']


def test_a_csv_keeps_every_value_as_text(runner, folder: Path) -> None:
    (folder / "lines.csv").write_text("id,minutes\n007,1e5\n")

    assert runner("workbook", "read", "lines.csv").out == '- id: "007"\n  minutes: "1e5"\n'


def test_rows_are_told_to_programs(runner, folder: Path) -> None:
    (folder / "lines.csv").write_text("id,note\n007,\n")

    ended = runner("workbook", "read", "lines.csv", "--json")

    assert json.loads(ended.out) == {"version": 1, "rows": [{"id": "007", "note": None}]}


def test_a_table_with_problems_prints_no_rows(runner, folder: Path) -> None:
    (folder / "lines.csv").write_text("id,id\n1,2\n")

    ended = runner("workbook", "read", "lines.csv")

    assert (ended.code, ended.out) == (3, "")
    assert "lines.csv:1:1: the heading 'id' stands twice" in ended.err


def test_a_table_that_is_not_there_is_told(runner, folder: Path) -> None:
    ended = runner("workbook", "read", str(folder / "lines.csv"))

    assert (ended.code, ended.out) == (3, "")
    assert "there is no file" in ended.err


def test_no_manifest_is_needed(runner, folder: Path) -> None:
    (folder / "season.yaml").unlink()
    (folder / "lines.csv").write_text("id\n1\n")

    assert runner("workbook", "read", "lines.csv").code == 0
