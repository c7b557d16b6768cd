"""The vendor's own workbook as a template."""

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from python_calamine import load_workbook

from runner.model.errors import InvalidInput
from runner.model.problem import Place
from runner.workbook.build import build
from runner.workbook.rows import Row
from runner.workbook.templates import load_template


def vendors_file(folder: Path) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Lines & co"
    sheet["A1"] = "Acme line template"
    sheet.append([])
    sheet.append(["Line No", None, "Voice_Actor", "Text"])
    sheet.append([1, None, "example", "an example line"])
    sheet.append([2, None, "example", "=C4"])
    sheet["D4"].font = Font(italic=True)
    sheet["D4"].fill = PatternFill("solid", fgColor="FFFF00")
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("C4:C5")
    choice = DataValidation(type="list", formula1='"Mara,Ines"')
    choice.add("C4:C100")
    sheet.add_data_validation(choice)
    other = workbook.create_sheet("Help")
    other["A1"] = "How to fill this in"
    workbook.save(folder / "acme.xlsx")
    return folder


def rows_of(*cells: dict[str, Any]) -> list[Row]:
    return [Row(row, Place("rows.csv", line, 1)) for line, row in enumerate(cells, 2)]


def test_rows_stand_below_the_vendors_headings_and_everything_else_stays(tmp_path: Path) -> None:
    template = load_template("acme.xlsx", vendors_file(tmp_path))
    built = build(template, rows_of({"line_no": 10, "VOICE ACTOR": "Mara", "text": "=x"}, {"Text": "y"}))
    assert built.problems == ()
    with load_workbook(built.content.open()) as book:
        assert book.sheet_names == ["Lines & co", "Help"]
        assert book.get_sheet_by_name("Lines & co").to_python() == [
            ["Acme line template", "", "", ""],
            ["", "", "", ""],
            ["Line No", "", "Voice_Actor", "Text"],
            [10.0, "", "Mara", "=x"],
            ["", "", "", "y"],
        ]
        assert book.get_sheet_by_name("Help").to_python() == [["How to fill this in"]]


def test_styles_validations_and_title_cells_are_kept_and_new_rows_are_styled_like_the_first(
    tmp_path: Path,
) -> None:
    template = load_template("./acme.xlsx", vendors_file(tmp_path))
    built = build(template, rows_of({"Text": "x"}, {"Text": "y"}))
    sheet = openpyxl.load_workbook(built.content.open()).worksheets[0]
    assert [sheet["D4"].font.i, sheet["D5"].font.i, sheet["D5"].data_type] == [True, True, "s"]
    assert [str(cells) for cells in sheet.merged_cells.ranges] == ["A1:D1"]
    assert str(sheet.data_validations.dataValidation[0].sqref) == "C4:C100"


def test_the_other_parts_are_the_vendors_own_bytes_and_the_whole_is_deterministic(tmp_path: Path) -> None:
    template = load_template("acme.xlsx", vendors_file(tmp_path))
    first = build(template, rows_of({"Text": "x"}))
    second = build(template, rows_of({"Text": "x"}))
    assert first.content == second.content
    with (
        zipfile.ZipFile(tmp_path / "acme.xlsx") as before,
        zipfile.ZipFile(first.content.open()) as after,
    ):
        same = {name for name in before.namelist() if before.read(name) == after.read(name)}
        assert set(before.namelist()) - same == {"xl/worksheets/sheet1.xml"}


def test_a_field_that_the_vendor_does_not_know_is_a_problem(tmp_path: Path) -> None:
    template = load_template("acme.xlsx", vendors_file(tmp_path))
    built = build(template, rows_of({"Txt": "x"}))
    assert built.problems[0].hint.startswith("did you mean 'Text'?")


def test_a_template_that_is_missing_or_empty_is_a_problem(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    (tmp_path / "junk.xlsx").write_bytes(b"junk")
    for name, code in (
        ("nope.xlsx", "missing-file"),
        ("empty.xlsx", "no-header"),
        ("junk.xlsx", "table-unreadable"),
    ):
        with pytest.raises(InvalidInput) as caught:
            load_template(name, tmp_path)
        assert [problem.code for problem in caught.value.problems] == [code]
