"""Reading tables as people write them."""

import datetime
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from runner.model.problem import Problem
from runner.workbook.tables import (
    Table,
    TableSpec,
    UnpivotSpec,
    key_text,
    place_of,
    read_rows,
    read_table,
    shape,
    table_spec,
)


def text_file(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def book(
    folder: Path, rows: list[list[Any]], *, title: str = "Dialogue", merge: tuple[str, ...] = ()
) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for cells in merge:
        sheet.merge_cells(cells)
    workbook.save(folder / "t.xlsx")
    return folder


def said(table: Table) -> list[str]:
    return [str(problem) for problem in table.problems]


def only(table: Table) -> Problem:
    assert len(table.problems) == 1, said(table)
    return table.problems[0]


CSV = TableSpec("t.csv")
XLSX = TableSpec("t.xlsx")


def test_csv_values_are_text_and_empty_cells_are_null(tmp_path: Path) -> None:
    table = read_table(CSV, text_file(tmp_path, "id,n,on\n00123,1.0,no\nb,,\n"))
    assert table.rows == ({"id": "00123", "n": "1.0", "on": "no"}, {"id": "b", "n": None, "on": None})
    assert table.problems == ()


def test_a_quoted_cell_may_hold_lines_and_later_rows_keep_their_line(tmp_path: Path) -> None:
    table = read_table(CSV, text_file(tmp_path, 'id,text\na,"one\ntwo, ""three"""\nb,x\n'))
    assert table.rows[0]["text"] == 'one\ntwo, "three"'
    assert [place.line for place in table.places] == [2, 4]


@pytest.mark.parametrize(
    "raw",
    [
        "\ufeffid;name\na;x, y\n".encode(),
        b"id\tname\na\tx, y\n",
        b'id,name\r\na,"x, y"\r\n',
        "id\tname\na\tx, y\n".encode("utf-16"),
    ],
    ids=["semicolons with a byte order mark", "tabs", "commas and carriage returns", "utf-16"],
)
def test_csv_is_read_as_spreadsheet_programs_save_it(raw: bytes, tmp_path: Path) -> None:
    assert read_table(CSV, text_file(tmp_path, raw)).rows == ({"id": "a", "name": "x, y"},)


def test_a_semicolon_within_a_heading_does_not_change_the_separator(tmp_path: Path) -> None:
    table = read_table(CSV, text_file(tmp_path, 'id,"a;b;c",x\n1,2,3\n'))
    assert table.rows == ({"id": "1", "a;b;c": "2", "x": "3"},)


def test_the_separator_is_that_of_the_header_not_of_a_title_above_it(tmp_path: Path) -> None:
    text_file(tmp_path, "Season one, final, approved\nid;name\na;x\n")
    for spec in (TableSpec("t.csv", header=2), TableSpec("t.csv", find="name")):
        assert read_table(spec, tmp_path).rows == ({"id": "a", "name": "x"},)


def test_a_line_with_more_cells_than_headings_is_a_problem_with_its_line(tmp_path: Path) -> None:
    problem = only(read_table(CSV, text_file(tmp_path, "id,tags\na,1, 2, 3\n")))
    assert (problem.code, problem.where.line) == ("too-many-cells", 2)
    assert (
        str(problem)
        == "t.csv:2:1: the line has 4 cells, the header 2 — quote a cell that holds the separator"
    )


def test_an_open_quote_is_a_problem_with_the_line_where_the_row_begins(tmp_path: Path) -> None:
    problem = only(read_table(CSV, text_file(tmp_path, 'id,text\na,ok\nb,"open\nc,d\n')))
    assert (problem.code, problem.where.line) == ("table-unreadable", 3)


def test_a_file_that_is_not_utf8_names_the_line_and_the_mend(tmp_path: Path) -> None:
    problem = only(read_table(CSV, text_file(tmp_path, "id,name\na,café\n".encode("latin-1"))))
    assert problem.where.line == 2
    assert "UTF-8" in problem.hint


def test_empty_lines_and_rows_of_commas_are_left_out(tmp_path: Path) -> None:
    table = read_table(CSV, text_file(tmp_path, "\n\nid,name\n,\na,x\n  , \n\nb,y\n"))
    assert [row["id"] for row in table.rows] == ["a", "b"]
    assert [place.line for place in table.places] == [5, 8]


def test_headings_are_trimmed_and_a_column_without_anything_is_no_column(tmp_path: Path) -> None:
    assert read_table(CSV, text_file(tmp_path, " id ,name,,\na,x,,\n")).rows == ({"id": "a", "name": "x"},)


def test_repeated_and_missing_headings_are_told_together(tmp_path: Path) -> None:
    table = read_table(XLSX, book(tmp_path, [["id", "name", None, "id "], ["a", "x", "stray", "b"]]))
    assert [(problem.code, problem.where.cell) for problem in table.problems] == [
        ("repeated-heading", "D1"),
        ("empty-heading", "C2"),
    ]
    assert str(table.problems[0]) == (
        "t.xlsx[Dialogue]!D1: the heading 'id' stands twice — rename one of them; the first is A1"
    )


def test_a_producers_workbook_is_read_as_it_is(tmp_path: Path) -> None:
    rows = [
        ["Season one", None, None],
        [None, None, None],
        ["Episode", "Line ID", "Text"],
        ["ep01", 1, "Hello"],
        [None, 2, "There"],
        [None, None, None],
        [None, None, "an ad break"],
        ["ep02", 3.0, "Bye"],
    ]
    folder = book(tmp_path, rows, merge=("A1:C1", "A4:A5"))
    spec = TableSpec(
        "t.xlsx", sheet="Dialogue", find="Line ID", fill_down=("Episode",), group_by=("Episode",)
    )
    table = shape(read_rows(spec, folder).kept(lambda row: row["Line ID"]), spec)
    assert table.problems == ()
    assert table.value == {
        "ep01": [
            {"Episode": "ep01", "Line ID": 1, "Text": "Hello"},
            {"Episode": "ep01", "Line ID": 2, "Text": "There"},
        ],
        "ep02": [{"Episode": "ep02", "Line ID": 3, "Text": "Bye"}],
    }
    assert str(place_of(table.rows[2], "Text")) == "t.xlsx[Dialogue]!C8"


def test_dates_are_iso_text_and_whole_numbers_have_no_fraction(tmp_path: Path) -> None:
    values = [
        datetime.date(2024, 1, 2),
        datetime.datetime(2024, 1, 2, 3, 4, 5),
        datetime.time(1, 2, 3),
        datetime.timedelta(hours=30, seconds=5),
        12.0,
        12.5,
        True,
        "007",
    ]
    table = read_table(XLSX, book(tmp_path, [["a", "b", "c", "d", "e", "f", "g", "h"], values]))
    row = list(table.rows[0].values())
    assert row == ["2024-01-02", "2024-01-02T03:04:05", "01:02:03", "30:00:05", 12, 12.5, True, "007"]
    assert isinstance(row[4], int)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (12.0, "12"),
        (12, "12"),
        (12.5, "12.5"),
        (" ep01 ", "ep01"),
        (None, ""),
        (True, "true"),
        ("00123", "00123"),
    ],
)
def test_a_cell_as_a_key_is_what_a_person_reads(value: Any, key: str) -> None:
    assert key_text(value) == key


def test_a_table_that_begins_anywhere_on_the_sheet_keeps_its_addresses(tmp_path: Path) -> None:
    rows = [[None] * 5, [None] * 5, [None, None, "id", "name"], [None, None, "a", "x"]]
    table = read_table(XLSX, book(tmp_path, rows))
    assert table.rows == ({"id": "a", "name": "x"},)
    assert str(place_of(table.rows[0], "name")) == "t.xlsx[Dialogue]!D4"


def test_a_formula_without_a_stored_value_is_a_problem_with_its_cell(tmp_path: Path) -> None:
    table = read_table(XLSX, book(tmp_path, [["id", "n"], ["a", 1], ["b", "=B2*2"]]))
    problem = only(table)
    assert (problem.code, problem.where.cell) == ("formula-without-value", "B3")
    assert "save it" in problem.hint


def test_a_formula_beside_the_table_does_not_matter(tmp_path: Path) -> None:
    rows = [["made on", "=TODAY()"], ["id", "n"], ["a", 1]]
    table = read_table(TableSpec("t.xlsx", header=2), book(tmp_path, rows))
    assert table.problems == ()


def test_a_cell_that_shows_an_error_is_a_problem(tmp_path: Path) -> None:
    folder = book(tmp_path, [["id", "n"], ["a", 1]])
    workbook = openpyxl.load_workbook(folder / "t.xlsx")
    cell = workbook["Dialogue"]["B2"]
    cell.value = "#REF!"
    assert cell.data_type == "e"
    workbook.save(folder / "t.xlsx")
    problem = only(read_table(XLSX, folder))
    assert str(problem).startswith("t.xlsx[Dialogue]!B2: the cell shows the error #REF!")


def test_an_unknown_sheet_names_the_one_that_was_meant(tmp_path: Path) -> None:
    problem = only(read_table(TableSpec("t.xlsx", sheet="dialog"), book(tmp_path, [["id"], ["a"]])))
    assert problem.hint == "did you mean 'Dialogue'?"


def test_several_sheets_are_one_table_and_fill_down_stops_at_each(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for title, rows in (
        ("one", [["id", "who"], [1, "Mara"]]),
        ("two", [["id", "who"], [2, None]]),
        ("three", []),
    ):
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    del workbook["Sheet"]
    workbook.save(tmp_path / "t.xlsx")
    all_of_them = read_table(TableSpec("t.xlsx", sheet="*", fill_down=("who",)), tmp_path)
    named = read_table(TableSpec("t.xlsx", sheet=("two", "one")), tmp_path)
    assert [(row["id"], row["who"]) for row in all_of_them.rows] == [(1, "Mara"), (2, None)]
    assert [row["id"] for row in named.rows] == [2, 1]


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        (TableSpec("t.xlsx", find="Line Id"), "did you mean 'Line ID'?"),
        (TableSpec("t.xlsx", header=9), "name the row of the headings in `header`"),
        (TableSpec("t.xlsx", fill_down=("Episod",)), "did you mean 'Episode'?"),
        (TableSpec("t.xlsx", group_by=("episode",)), "did you mean 'Episode'?"),
        (
            TableSpec("t.xlsx", unpivot=UnpivotSpec(("Text",), "k", "v")),
            "the columns are 'Episode', 'Line ID'",
        ),
    ],
)
def test_a_heading_that_is_not_there_is_a_problem_with_a_hint(
    spec: TableSpec, hint: str, tmp_path: Path
) -> None:
    table = read_table(spec, book(tmp_path, [["Episode", "Line ID"], ["ep01", 1]]))
    assert only(table).hint == hint


@pytest.mark.parametrize("content", ["", "\n\n", "id,name\n", "id,name\n,\n"])
def test_an_empty_table_is_a_problem(content: str, tmp_path: Path) -> None:
    assert only(read_table(CSV, text_file(tmp_path, content))).code == "empty-table"


def test_an_empty_workbook_is_a_problem(tmp_path: Path) -> None:
    assert only(read_table(XLSX, book(tmp_path, []))).code == "empty-table"


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 80]
)
def test_what_is_no_workbook_is_a_problem(raw: bytes, tmp_path: Path) -> None:
    assert only(read_table(XLSX, text_file(tmp_path, raw, "t.xlsx"))).code == "table-unreadable"


def test_a_missing_file_names_its_neighbour_and_a_strange_ending_what_is_read(tmp_path: Path) -> None:
    text_file(tmp_path, "id\na\n", "episodes.csv")
    text_file(tmp_path, "x", "episodes.docx")
    assert only(read_table(TableSpec("episode.csv"), tmp_path)).hint == "did you mean 'episodes.csv'?"
    assert only(read_table(TableSpec("episodes.docx"), tmp_path)).code == "unknown-format"


def test_a_stray_cell_at_the_far_end_is_told_instead_of_filling_the_memory(tmp_path: Path) -> None:
    folder = book(tmp_path, [["id"], ["a"]])
    workbook = openpyxl.load_workbook(folder / "t.xlsx")
    workbook["Dialogue"]["XFD1048576"] = "x"
    workbook.save(folder / "t.xlsx")
    problem = only(read_table(XLSX, folder))
    assert problem.code == "table-too-big"
    assert "1,048,576 rows and 16,384 columns" in problem.message


def test_of_very_many_problems_ten_and_a_count_are_told(tmp_path: Path) -> None:
    lines = "".join(f"{number},x,y\n" for number in range(500))
    table = read_table(CSV, text_file(tmp_path, "id,name\n" + lines))
    assert len(table.problems) == 11
    assert table.problems[-1].message == "and 490 more of the same kind (too-many-cells)"


def test_unpivot_makes_a_row_of_each_column_and_keeps_the_cell_of_its_value(tmp_path: Path) -> None:
    rows = [["id", "fr-FR", "de-DE"], ["a", "oui", "ja"], ["b", None, "nein"]]
    spec = TableSpec(
        "t.xlsx", unpivot=UnpivotSpec(("fr-FR", "de-DE"), "lang", "text"), group_by=("id", "lang")
    )
    table = read_table(spec, book(tmp_path, rows))
    assert table.rows[:2] == (
        {"id": "a", "lang": "fr-FR", "text": "oui"},
        {"id": "a", "lang": "de-DE", "text": "ja"},
    )
    assert list(table.value) == ["a+fr-FR", "a+de-DE", "b+fr-FR", "b+de-DE"]
    assert str(place_of(table.rows[3], "text")) == "t.xlsx[Dialogue]!C3"


def test_unpivot_never_overwrites_a_column(tmp_path: Path) -> None:
    spec = TableSpec("t.csv", unpivot=UnpivotSpec(("a", "b"), "id", "v"))
    assert only(read_table(spec, text_file(tmp_path, "id,a,b\n1,2,3\n"))).code == "repeated-heading"


def test_a_row_without_its_group_is_a_problem_with_its_cell(tmp_path: Path) -> None:
    spec = TableSpec("t.xlsx", group_by=("Episode",))
    table = read_table(spec, book(tmp_path, [["Episode", "n"], ["ep01", 1], [None, 2]]))
    problem = only(table)
    assert (problem.code, problem.where.cell) == ("empty-key", "A3")


def test_two_groups_whose_joined_keys_read_alike_are_a_problem(tmp_path: Path) -> None:
    spec = TableSpec("t.csv", group_by=("a", "b"))
    assert only(read_table(spec, text_file(tmp_path, "a,b\nx+y,z\nx,y+z\n"))).code == "ambiguous-key"


def test_a_number_and_its_text_are_one_group(tmp_path: Path) -> None:
    spec = TableSpec("t.xlsx", group_by=("n",))
    table = read_table(spec, book(tmp_path, [["n", "x"], [12.0, "a"], ["12", "b"]]))
    assert list(table.value) == ["12"]


def test_json_rows_keep_their_types_and_lines(tmp_path: Path) -> None:
    text = json.dumps([{"id": "no", "n": 1.0}, {"id": "b", "list": [1]}], indent=1)
    table = read_table(TableSpec("t.json"), text_file(tmp_path, text, "t.json"))
    assert table.rows == ({"id": "no", "n": 1.0}, {"id": "b", "list": [1]})
    assert [place.line for place in table.places] == [2, 6]


def test_a_mapping_of_rows_keeps_its_keys(tmp_path: Path) -> None:
    table = read_table(TableSpec("t.yaml"), text_file(tmp_path, "ep01: {n: 1}\nep02: {n: 2}\n", "t.yaml"))
    assert table.value == {"ep01": {"n": 1}, "ep02": {"n": 2}}
    assert table.kept(lambda row: row["n"] == 2).value == {"ep02": {"n": 2}}


def test_yaml_data_follows_the_narrow_rules_of_manifests(tmp_path: Path) -> None:
    text = "- {a: no, b: 00123, c: 9:16, d: 2024-01-02, e: 1.5, f: ~, g: '12', h: 0x10, i: 1_000, j: true}\n"
    table = read_table(TableSpec("t.yaml"), text_file(tmp_path, text, "t.yaml"))
    assert list(table.rows[0].values()) == [
        "no", "00123", "9:16", "2024-01-02", 1.5, None, "12", "0x10", "1_000", True,
    ]  # fmt: skip


def test_yaml_merges_and_own_keys_win(tmp_path: Path) -> None:
    text = "base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\n"
    table = read_table(TableSpec("t.yaml"), text_file(tmp_path, text, "t.yaml"))
    assert table.value == {"base": {"a": 1, "b": 2}, "more": {"a": 1, "b": 3}}


_LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.json", '[{"a": 1, "a": 2}]'),
        ("t.json", "[{"),
        ("t.json", "[NaN]"),
        ("t.json", '"text"'),
        ("t.json", "[" * 100_000),
        ("t.yaml", "- {a: 1, a: 2}"),
        ("t.yaml", "- {a: ["),
        ("t.yaml", "text"),
        ("t.yaml", "[" * 100_000),
        ("t.yaml", "- *nowhere"),
        ("t.yaml", "- a\n---\n- b\n"),
        ("t.yaml", _LAUGHS),
    ],
)
def test_a_broken_or_hostile_data_file_is_a_problem(name: str, text: str, tmp_path: Path) -> None:
    assert only(read_table(TableSpec(name), text_file(tmp_path, text, name))).code == "table-unreadable"


def test_rows_that_are_no_mappings_are_kept_but_cannot_be_grouped(tmp_path: Path) -> None:
    text_file(tmp_path, "[fr-FR, de-DE]", "t.yaml")
    assert read_table(TableSpec("t.yaml"), tmp_path).value == ["fr-FR", "de-DE"]
    assert read_table(TableSpec("t.yaml", group_by=("x",)), tmp_path).problems[0].code == "not-a-row"


def test_a_spec_is_made_from_the_manifests_own_words() -> None:
    raw = {
        "file": "s.xlsx",
        "sheet": ["a", "b"],
        "header": {"find": "Line ID"},
        "fill_down": "Episode",
        "unpivot": {"columns": ["fr", "de"], "name": "lang", "value": "text"},
        "group_by": ["Episode", "lang"],
    }
    assert table_spec(raw) == TableSpec(
        "s.xlsx",
        ("a", "b"),
        None,
        "Line ID",
        ("Episode",),
        UnpivotSpec(("fr", "de"), "lang", "text"),
        ("Episode", "lang"),
    )
    assert table_spec({"file": "s.csv", "header": 3}) == TableSpec("s.csv", header=3)
