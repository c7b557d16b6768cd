"""Building workbooks: what a second program reads, and what is refused."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import load_workbook

from runner.model.errors import InvalidInput
from runner.model.plan import FieldDiff
from runner.model.problem import Place
from runner.model.text import PublishedUrl, Secret
from runner.workbook.build import Built, build, misfits, published_name
from runner.workbook.compare import cell_diff
from runner.workbook.made import IN_MEMORY, NOTHING, made
from runner.workbook.new_book import new_workbook
from runner.workbook.rows import Row
from runner.workbook.tables import TableSpec, place_of, read_table
from runner.workbook.template import Column, Template
from runner.workbook.templates import load_template, template_names

HERE = Path()


def rows_of(*cells: dict[str, Any], by_hand: dict[str, Any] | None = None) -> list[Row]:
    return [Row(row, Place("rows.csv", line, 1), by_hand or {}) for line, row in enumerate(cells, 2)]


def production(*cells: dict[str, Any], **more: Any) -> Built:
    return build(load_template("revoice-production", HERE), rows_of(*cells, **more))


def bulk(*cells: dict[str, Any]) -> Built:
    return build(load_template("revoice-bulk", HERE), rows_of(*cells))


def read(built: Built) -> list[list[Any]]:
    assert built.problems == ()
    with load_workbook(built.content.open()) as book:
        assert len(book.sheet_names) == 1
        return book.get_sheet_by_index(0).to_python()


def differing(before: Built | None, after: Built) -> list[FieldDiff]:
    """The cells that differ; None stands for no workbook."""
    return cell_diff(before.content.open().read() if before is not None else b"", after.content.open().read())


def codes(built: Built) -> list[str]:
    assert built.content is NOTHING
    return [problem.code for problem in built.problems]


LINE = {"Character": "Mara", "Text_FR-FR": "Bonjour"}


def test_a_script_has_the_sheet_that_revoice_knows() -> None:
    with load_workbook(production(LINE).content.open()) as book:
        assert book.sheet_names == ["Revoiceit_Prod_Template_Script"]


def test_columns_by_language_meet_without_regard_to_case_and_are_spelled_as_revoice_does() -> None:
    built = production(
        {"ID": 7, "text fr-FR": "Oui", "TEXT_de-de": "Ja", "emotion": "Joy", "INTENSITY": "Low"}
    )
    assert read(built) == [
        ["ID", "Emotion", "Intensity", "Text_DE-DE", "Text_FR-FR"],
        [7.0, "Joy", "Low", "Ja", "Oui"],
    ]


def test_lines_are_numbered_where_no_row_says_otherwise() -> None:
    assert [row[0] for row in read(production(LINE, LINE, LINE))] == ["ID", 1.0, 2.0, 3.0]


def test_lines_are_not_numbered_when_only_some_have_an_id() -> None:
    built = production({**LINE, "ID": 9}, LINE)
    assert codes(built) == ["missing-cell"]
    assert str(built.problems[0].where) == "rows.csv:3:1"


def test_a_bulk_workbook_takes_inputs_by_their_api_names_and_writes_only_settings_that_are_given() -> None:
    built = bulk(
        {"name": "ep01", "scriptPath": "https://x/1.xlsx", "settings": {"removeBackgroud": False}},
        {
            "name": "ep02",
            "videoPath": "https://x/2.mp4",
            "languageCode": "fr-fr",
            "settings": {"noOfSpeakers": 2},
        },
    )
    assert read(built) == [
        ["batch_name", "video_path", "script_path", "LANGUAGE_CODE", "removeBackgroud", "noOfSpeakers"],
        ["ep01", "", "https://x/1.xlsx", "", False, ""],
        ["ep02", "https://x/2.mp4", "", "fr-fr", "", 2.0],
    ]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"https://x\",\"y\")", "\t=1", "'=1", "00123", "1e5", "TRUE",
     " both sides ", "two\nlines", "a\r\nb", "_x000D_", "<b>&amp;\"'</b>", "]]>", "😀 é ‎עברית", "#REF!"],
)  # fmt: skip
def test_text_is_text_in_two_other_programs(text: str) -> None:
    built = production({"Text_FR-FR": text})
    assert read(built)[1][1] == text
    cell = openpyxl.load_workbook(built.content.open()).worksheets[0]["B2"]
    assert cell.data_type == "s"
    if "_x" not in text and "\r" not in text:  # openpyxl does not undo the escape that the format prescribes
        assert cell.value == text


def test_numbers_and_booleans_stay_what_they_are() -> None:
    template = Template("t", "S", tuple(Column(name) for name in "abcde"))
    built = build(template, rows_of({"a": 1, "b": 0.1, "c": True, "d": -12.0, "e": None}))
    sheet = openpyxl.load_workbook(built.content.open()).worksheets[0]
    assert [cell.value for cell in sheet[2]] == [1, 0.1, True, -12]
    assert [cell.data_type for cell in sheet[2]] == ["n", "n", "b", "n"]


def test_the_same_rows_make_the_same_bytes_on_another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    first = production(LINE, LINE)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    monkeypatch.setattr(time, "localtime", lambda *_: time.struct_time((2033, 5, 18, 3, 33, 20, 2, 138, 0)))
    second = production(LINE, LINE)
    assert first.content == second.content
    assert first.sha256 == hashlib.sha256(first.content.open().read()).hexdigest()


def test_the_bytes_are_what_they_were_when_this_test_was_written() -> None:
    # A workbook's digest is part of what was paid for: other bytes for the same rows would ask to pay again.
    built = production({"ID": 1, "Character": "Mara", "Text_FR-FR": "Où ?"})
    assert built.sha256[:12] == "0ab2a0132911"


def test_the_bytes_of_a_large_workbook_are_what_they_were_when_it_was_made_in_memory() -> None:
    lines = [{"ID": number, "Character": "Mara", "Text_FR-FR": "Où ? " * 600} for number in range(1, 401)]

    built = production(*lines)

    assert built.content.size > IN_MEMORY
    assert built.sha256 == "f7cffa069b461c9df0d76a28f471b381b81d9935d1e8d5e48335cc42c54b7e28"
    assert hashlib.sha256(built.content.open().read()).hexdigest() == built.sha256


def test_lxml_beside_openpyxl_changes_nothing(tmp_path: Path) -> None:
    beside = tmp_path / "lxml"
    beside.mkdir()
    (beside / "__init__.py").write_text("")
    (beside / "etree.py").write_text(
        "LXML_VERSION = (5, 0, 0, 0)\n"
    )  # who took it up would miss all the rest of it
    asked = (
        "from runner.workbook.made import made; from runner.workbook.new_book import new_workbook;"
        "print(made(lambda file: new_workbook(file, 'Script', ['ID'], [['=1']])).sha256)"
    )
    without = made(lambda file: new_workbook(file, "Script", ["ID"], [["=1"]]))

    there = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", asked], env={"PYTHONPATH": there}, capture_output=True, text=True, check=False
    )

    assert done.stdout.strip() == without.sha256, done.stderr


def test_the_order_of_a_rows_fields_does_not_matter() -> None:
    assert production(LINE).sha256 == production(dict(reversed(LINE.items()))).sha256


def test_a_field_without_a_column_is_told_once_with_the_line_of_its_first_row() -> None:
    built = production({**LINE, "Notes": "x"}, {**LINE, "Notes": None})
    assert [str(problem) for problem in built.problems] == [
        "rows.csv:2:1: 'Notes' meets no column of the template revoice-production — the columns are 'ID', "
        "'Character', 'Emotion', 'Intensity', 'Text_<LANG>'; otherwise map it with `columns:`, "
        "or add `ignore: [Notes]`"
    ]


def test_a_field_from_a_table_is_told_with_its_cell(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (["Text_FR-FR", "Notes"], ["Oui", "x"]):
        workbook.worksheets[0].append(row)
    workbook.save(tmp_path / "t.xlsx")
    (row,) = read_table(TableSpec("t.xlsx"), tmp_path).rows
    place = place_of(row)
    assert place is not None
    built = build(load_template("revoice-production", HERE), [Row(row, place)])
    assert str(built.problems[0].where) == "t.xlsx[Sheet]!B2"


def test_an_ignored_field_is_left_out() -> None:
    template = load_template("revoice-production", HERE)
    built = build(template, rows_of({**LINE, "Line ID": 5, "Notes": "x"}), ignore=["Notes", "line id"])
    assert read(built)[0] == ["ID", "Character", "Text_FR-FR"]


def test_a_column_mapped_by_hand_wins_and_must_exist() -> None:
    assert read(production({**LINE, "id": 5}, by_hand={"ID": 77}))[1][0] == 77.0
    problem = production(LINE, by_hand={"Caracter": "x"}).problems[0]
    assert (problem.code, problem.hint) == ("unmet-column", "did you mean 'Character'?")


def test_two_fields_for_one_column_are_a_problem() -> None:
    assert codes(production({"Text_FR-FR": "a", "text fr-fr": "b"})) == ["repeated-cell"]


def test_a_value_outside_the_allowed_ones_is_told_with_them() -> None:
    problem = production({**LINE, "Intensity": "high"}).problems[0]
    assert str(problem) == "rows.csv:2:1: Intensity may not be 'high' — allowed: Low, Normal, High"
    assert codes(bulk({"name": "x", "settings": {"noOfAlternativeTakes": 3}})) == ["not-allowed"]


def test_an_unfamiliar_language_is_a_warning_and_is_built() -> None:
    built = production({"Text_CY-GB": "Shwmae"})
    assert [(problem.code, problem.warning) for problem in built.problems] == [("unknown-language", True)]
    assert built.content.size > 0


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Text_FR-FR": "bell \x07"}, "forbidden-character"),
        ({"Text_FR-FR": "half \ud83d"}, "forbidden-character"),
        ({"Text_FR-FR": "x" * 32_768}, "too-long"),
        ({"Text_FR-FR": "😀" * 16_384}, "too-long"),
        ({"Text_FR-FR": ["a", "b"]}, "wrong-cell"),
        ({"Text_FR-FR": True}, "wrong-cell"),
        ({**LINE, "ID": float("nan")}, "wrong-cell"),
        ({**LINE, "ID": 2**53 + 1}, "wrong-cell"),
        ({"Text_FR-FR": Secret("hush", "env.KEY")}, "secret-cell"),
        ({"Text_FR-FR": "  "}, "missing-cell"),
        ({"Character": "Mara"}, "missing-cell"),
    ],
)
def test_what_a_workbook_cannot_hold_is_a_problem_of_its_row(cells: dict[str, Any], code: str) -> None:
    built = production(cells)
    assert codes(built) == [code]
    assert built.problems[0].where.line == 2
    assert "hush" not in str(built.problems[0])


def test_the_longest_text_fits() -> None:
    assert read(production({"Text_FR-FR": "x" * 32_767}))[1][1] == "x" * 32_767


@pytest.mark.parametrize(
    ("value", "written"), [("2", 2.0), (2, 2.0), (2.0, 2.0)], ids=["text", "a whole number", "a whole float"]
)
def test_a_number_column_takes_a_number_from_csv(value: Any, written: float) -> None:
    assert read(bulk({"name": "x", "noOfSpeakers": value}))[1][-1] == written


@pytest.mark.parametrize("value", ["two", "0x2", "1_0", "2.5", True, ""])
def test_a_number_column_takes_nothing_else(value: Any) -> None:
    assert codes(bulk({"name": "x", "noOfSpeakers": value})) == ["wrong-cell"]


def test_a_batch_name_stands_once_also_without_case_and_spaces() -> None:
    built = bulk({"name": "Ep 1"}, {"name": "ep 1 "})
    assert codes(built) == ["repeated-cell"]
    assert "first at rows.csv:2:1" in built.problems[0].message


def test_no_rows_make_no_workbook() -> None:
    assert codes(build(load_template("revoice-bulk", HERE), [])) == ["empty-table"]


def test_a_text_of_a_special_kind_is_written_as_plain_text() -> None:
    url = PublishedUrl("https://x/y.xlsx", "0" * 64)
    assert read(bulk({"name": "x", "scriptPath": url}))[1][2] == "https://x/y.xlsx"


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("ep01/fr-FR", "ep01-fr-FR-0123456789ab.xlsx"),
        ("../../etc/passwd", "etc-passwd-0123456789ab.xlsx"),
        ("Épisode 1: début", "Episode-1-debut-0123456789ab.xlsx"),
        ("日本", "workbook-0123456789ab.xlsx"),
        ("a" * 200, "a" * 80 + "-0123456789ab.xlsx"),
    ],
)
def test_a_published_name_is_safe_everywhere_and_carries_the_digest(stem: str, name: str) -> None:
    assert published_name(stem, "0123456789abcdef" * 4) == name


def test_every_template_that_comes_along_loads() -> None:
    assert set(template_names()) >= {"revoice-bulk", "revoice-production"}
    for name in template_names():
        assert load_template(name, HERE).columns


def test_an_unknown_template_names_the_nearest() -> None:
    with pytest.raises(InvalidInput) as caught:
        load_template("revoice-prodution", HERE)
    assert "did you mean 'revoice-production'?" in caught.value.problems[0].hint


def test_a_changed_cell_is_shown_by_its_address() -> None:
    before = production(LINE, LINE)
    after = production(LINE, {**LINE, "Text_FR-FR": "Salut", "Emotion": "Joy"})
    sheet = "Revoiceit_Prod_Template_Script"
    found = [(diff.field, diff.before, diff.after) for diff in differing(before, after)]
    assert (f"{sheet}!D3", "Bonjour", "Salut") not in found  # the new column moved the text to D
    assert (f"{sheet}!C1", "Text_FR-FR", "Emotion") in found
    assert (f"{sheet}!D3", None, "Salut") in found


def test_a_row_put_in_between_is_the_only_difference() -> None:
    lines = [{"ID": number, "Text_FR-FR": f"ligne {number}"} for number in (1, 2, 4, 5)]
    before = production(*lines)
    after = production(*lines[:2], {"ID": 3, "Text_FR-FR": "ligne 3"}, *lines[2:])
    found = [(diff.field.split("!")[1], diff.before, diff.after) for diff in differing(before, after)]
    assert found == [("A4", None, "3"), ("B4", None, "ligne 3")]
    assert differing(before, before) == []
    assert len(differing(None, before)) == 10


def test_a_long_script_is_one_workbook() -> None:
    built = production(*({"ID": number, "Text_FR-FR": "x"} for number in range(10_000)))
    assert (built.rows, len(read(built))) == (10_000, 10_001)


def test_what_is_wrong_is_known_without_making_a_workbook() -> None:
    template = load_template("revoice-production", Path())
    place = Place("lines.csv", 2)
    rows = [
        Row({"ID": 1, "Text_FR-FR": "Bonjour"}, place),
        Row({"ID": 2, "Emotion": "Boredom", "Other": "x"}, place),
    ]

    found = misfits(template, rows)

    assert found == build(template, rows).problems
    assert {problem.code for problem in found} >= {"missing-cell"}
