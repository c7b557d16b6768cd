"""`runner init`: whatever it writes is valid, and runs on the sandbox."""

import json
import os
from pathlib import Path

import openpyxl
import pytest

from runner.compile.text.source import parse_yaml

QUICKSTART = Path(__file__).parents[3] / "manifests" / "quickstart" / "script.xlsx"


@pytest.fixture
def empty(runner, folder: Path):
    for file in folder.iterdir():
        file.unlink()
    return runner


def table(folder: Path, name: str, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(folder / name)
    return folder / name


def with_of(folder: Path, file: str, job: str) -> dict[str, object]:
    found: dict[str, object] = parse_yaml((folder / file).read_text(), file).value["jobs"][job]["with"]
    return found


def ran(runner, file: str) -> dict[str, object]:
    ended = runner("apply", file, "--sandbox=fresh", "--auto-approve", "--speed", "1200", "--json")
    assert ended.code == 0, ended.out + ended.err
    result: dict[str, object] = json.loads(ended.out.splitlines()[-1])
    return result


def test_from_nothing_it_writes_what_runs_at_once(empty, folder: Path) -> None:
    ended = empty("init", "season-one")

    assert ended.out.splitlines()[:3] == [
        "season-one.yaml written.",
        "episodes.csv written.",
        ".gitignore written.",
    ]
    assert ran(empty, "season-one.yaml")["done"] == 4


def test_nothing_that_is_there_is_changed(empty, folder: Path) -> None:
    (folder / "episodes.csv").write_text("mine")

    ended = empty("init", "season-one")

    assert ended.code == 64
    assert "episodes.csv exists already" in ended.err
    assert os.listdir(folder) == ["episodes.csv"]


def test_a_producers_script_becomes_a_batch_for_each_episode(empty, folder: Path) -> None:
    (folder / "script.xlsx").write_bytes(QUICKSTART.read_bytes())

    empty("init", "--from", "script.xlsx", "--sheet", "Dialogue", "--header", "Line ID")

    assert with_of(folder, "script.yaml", "script")["ignore"] == ["Episode", "Notes"]
    assert ran(empty, "script.yaml")["done"] == 8


def test_a_script_without_episodes_becomes_one_batch(empty, folder: Path) -> None:
    table(
        folder, "lines.xlsx", ["ID", "Character", "Text_FR-FR"], [1, "Ella", "Bonjour"], [2, "Tom", "Salut"]
    )

    empty("init", "--from", "lines.xlsx")

    assert ran(empty, "lines.yaml")["done"] == 2


def test_a_bulk_order_becomes_one_request(empty, folder: Path) -> None:
    heads = ["Batch Name", "SCRIPT_PATH", "Language Code", "noOfAlternativeTakes"]
    rows = [[f"Pilot {number}", f"https://files.example.com/{number}.docx", "fr-FR", 1] for number in (1, 2)]
    table(folder, "orders.xlsx", heads, *rows)

    empty("init", "--from", "orders.xlsx")

    assert with_of(folder, "orders.yaml", "batch")["settings"] == {
        "noOfAlternativeTakes": "${{ each.noOfAlternativeTakes }}"
    }
    assert ran(empty, "orders.yaml")["paid"] == {"revoice": {"calls": 2}}


def test_any_other_table_becomes_dubs_of_its_rows(empty, folder: Path) -> None:
    rows = [
        ["The Pilot", "https://cdn.example.com/1.mp4", "fr-FR"],
        ["Storm", "https://cdn.example.com/2.mp4", "de-DE"],
    ]
    table(folder, "list.xlsx", ["Title", "Video", "Lang"], *rows)

    empty("init", "--from", "list.xlsx")

    assert with_of(folder, "list.yaml", "dub")["target_lang"] == "${{ each.Lang }}"
    assert ran(empty, "list.yaml")["done"] == 2


def test_a_csv_of_names_alone_is_dubbed_into_the_languages_of_vars(empty, folder: Path) -> None:
    (folder / "films.csv").write_text("id\na\nb\n")

    empty("init", "--from", "films.csv")

    assert ran(empty, "films.yaml")["done"] == 4


def test_a_table_whose_rows_cannot_be_told_apart_is_refused(empty, folder: Path) -> None:
    (folder / "films.csv").write_text("title\nsame\nsame\n")

    ended = empty("init", "--from", "films.csv")

    assert ended.code == 64
    assert "tells its rows apart" in ended.err
    assert os.listdir(folder) == ["films.csv"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sheet", "x"], "--from"),
        (["a/b"], "cannot be a manifest's name"),
        (["--from", "empty.csv"], "no rows"),
    ],
)
def test_what_cannot_be_is_told(empty, folder: Path, words: list[str], said: str) -> None:
    (folder / "empty.csv").write_text("id,title\n")

    ended = empty("init", *words)

    assert ended.code in (3, 64)
    assert said in ended.err
