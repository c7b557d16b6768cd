"""The script of a line-dubbing batch: one known column, and the user's own."""

from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from runner.model.problem import Place
from runner.workbook.build import Built, build
from runner.workbook.made import NOTHING
from runner.workbook.rows import Row
from runner.workbook.templates import load_template

AUDIO = "https://cdn.example.com/a.wav"


def dubbing(*cells: dict[str, Any], **more: Any) -> Built:
    by_hand = more.pop("by_hand", {})
    rows = [Row(row, Place("rows.csv", line, 1), by_hand) for line, row in enumerate(cells, 2)]
    return build(load_template("revoice-dubbing", Path()), rows, **more)


def read(built: Built) -> list[list[Any]]:
    assert built.problems == ()
    with load_workbook(built.content.open()) as book:
        return book.get_sheet_by_index(0).to_python()


def test_columns_of_ones_own_stand_behind_the_known_one_in_the_order_of_their_names() -> None:
    built = dubbing(
        {"Text": "Bonjour", "source_audio": AUDIO, "Line": 1},
        {"Character": "Mara", "Source Audio": "files/audio/b.wav", "Line": None},
    )
    assert read(built) == [
        ["Source_Audio", "Character", "Line", "Text"],
        [AUDIO, "", 1.0, "Bonjour"],
        ["files/audio/b.wav", "Mara", "", ""],
    ]


def test_a_script_of_the_known_column_alone_is_one() -> None:
    assert read(dubbing({"Source_Audio": AUDIO})) == [["Source_Audio"], [AUDIO]]


def test_two_spellings_of_a_heading_are_one_column() -> None:
    built = dubbing(
        {"Source_Audio": AUDIO, "Target Language": "FR"}, {"Source_Audio": AUDIO, "target_language": "DE"}
    )
    assert read(built) == [["Source_Audio", "Target Language"], [AUDIO, "FR"], [AUDIO, "DE"]]


def test_a_column_can_be_made_by_hand_and_another_left_out() -> None:
    built = dubbing(
        {"file": "a.wav", "Notes": "x"},
        by_hand={"Source_Audio": AUDIO, "Lang": "FR"},
        ignore=["file", "notes"],
    )
    assert read(built) == [["Source_Audio", "Lang"], [AUDIO, "FR"]]


def test_a_column_without_any_value_is_not_written() -> None:
    assert read(dubbing({"Source_Audio": AUDIO, "Notes": None})) == [["Source_Audio"], [AUDIO]]


def test_text_of_ones_own_columns_stays_text() -> None:
    assert read(dubbing({"Source_Audio": AUDIO, "Take": "00123", "Text": "=1+1"}))[1] == [
        AUDIO,
        "00123",
        "=1+1",
    ]


@pytest.mark.parametrize("row", [{"Text": "x"}, {"Source_Audio": None, "Text": "x"}, {"Source_Audio": " "}])
def test_a_line_without_a_source_is_told(row: dict[str, Any]) -> None:
    built = dubbing({"Source_Audio": AUDIO}, row)
    assert built.content is NOTHING
    assert str(built.problems[0]).startswith("rows.csv:3:1: the row has nothing for Source_Audio")


def test_the_order_of_a_rows_fields_does_not_matter() -> None:
    row = {"Source_Audio": AUDIO, "Text": "a", "Line": 1}
    assert dubbing(row).sha256 == dubbing(dict(reversed(row.items()))).sha256
