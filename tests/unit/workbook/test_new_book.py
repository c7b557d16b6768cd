"""A new workbook is, byte for byte, the one that openpyxl writes of the same cells."""

import random
from typing import Any

import pytest
from openpyxl_book import reference_workbook

from runner.workbook.new_book import new_workbook

_TEXTS = (
    "plain", "", " ", " lead", "trail ", "two\nlines", "\ttab", "a\rb", "=1+1", "#N/A", "#REF", "_x0041_", "a_x", "-1",
    "<b>&amp;</b>", "\"quoted\" 'twice'", "é ü ß", "日本語", "🎬", "\u00a0wide\u2003", "]]>", "_x000D_", "true", "1e5",
)  # fmt: skip
_NUMBERS = (0, 1, -1, 2**53, 10**20, 0.1, 0.1 + 0.2, 1e22, 1e-7, -2.5, 123456789.123456789, True, False, None)


@pytest.mark.parametrize("value", [*_TEXTS, *_NUMBERS], ids=repr)
def test_any_value_is_written_as_openpyxl_writes_it(value: Any) -> None:
    rows = [["first", value], [value, "second"], [value]]

    assert new_workbook("Lines", ["A", "B"], rows) == reference_workbook("Lines", ["A", "B"], rows)


@pytest.mark.parametrize("heading", [text for text in _TEXTS if text], ids=repr)
def test_any_heading_is_written_as_openpyxl_writes_it(heading: str) -> None:
    assert new_workbook("Lines", [heading, "B"], []) == reference_workbook("Lines", [heading, "B"], [])


@pytest.mark.parametrize("sheet", ["Lines", "Sh & <eet", 'quo"te', "Über", "台詞", "a'b"])
def test_any_name_of_a_sheet_is_written_as_openpyxl_writes_it(sheet: str) -> None:
    assert new_workbook(sheet, ["A"], [["x"]]) == reference_workbook(sheet, ["A"], [["x"]])


@pytest.mark.parametrize("width", [1, 26, 27, 60, 703])
def test_any_number_of_columns_is_written_as_openpyxl_writes_it(width: int) -> None:
    headings, row = [f"h{index}" for index in range(width)], list(range(width))

    assert new_workbook("Lines", headings, [row]) == reference_workbook("Lines", headings, [row])


def test_thousands_of_mixed_rows_are_written_as_openpyxl_writes_them() -> None:
    chosen = random.Random(4)
    rows = [chosen.choices([*_TEXTS, *_NUMBERS], k=chosen.randint(0, 4)) for _ in range(1_501)]

    assert new_workbook("Lines", list("ABCD"), rows) == reference_workbook("Lines", list("ABCD"), rows)
