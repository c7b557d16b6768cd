"""The tables of the example manifests, read and built as their manifests say."""

from pathlib import Path

import pytest

from runner.workbook.build import build
from runner.workbook.rows import Row
from runner.workbook.tables import TableSpec, place_of, read_rows, shape
from runner.workbook.templates import load_template

EXAMPLES = Path(__file__).parents[3] / "manifests"
SCRIPT = TableSpec(
    "script.xlsx",
    sheet="Dialogue",
    find="Line ID",
    fill_down=("Episode", "Character"),
    group_by=("Episode",),
)


def test_the_producers_script_gives_each_episode_its_lines() -> None:
    table = read_rows(SCRIPT, EXAMPLES / "quickstart").kept(lambda row: row["Line ID"])
    shaped = shape(table, SCRIPT)
    assert shaped.problems == ()
    assert shaped.groups is not None
    assert {key: len(rows) for key, rows in shaped.groups.items()} == {
        "ep01": 4,
        "ep02": 3,
        "ep03": 3,
        "ep04": 3,
    }
    assert shaped.groups["ep01"][1]["Character"] == "Mara"


@pytest.mark.parametrize("episode", ["ep01", "ep02", "ep03", "ep04"])
def test_each_episode_makes_a_script_workbook(episode: str) -> None:
    table = read_rows(SCRIPT, EXAMPLES / "quickstart").kept(lambda row: row["Line ID"])
    groups = shape(table, SCRIPT).groups or {}
    rows = []
    for row in groups[episode]:
        place = place_of(row)
        assert place is not None
        rows.append(Row(row, place, {"ID": row["Line ID"]}, row))
    built = build(load_template("revoice-production", EXAMPLES), rows, ignore=["Episode", "Notes", "Line ID"])
    assert built.problems == ()


@pytest.mark.parametrize(
    "spec",
    [
        TableSpec(
            "review.xlsx", sheet="Lines", find="Start", fill_down=("Language",), group_by=("Language",)
        ),
        TableSpec("review.xlsx", sheet="Voices", group_by=("Language",)),
    ],
)
def test_the_reviewers_sheet_is_grouped_by_language(spec: TableSpec) -> None:
    table = shape(read_rows(spec, EXAMPLES / "dub-and-fix"), spec)
    assert table.problems == ()
    assert list(table.groups or {}) == ["fr-FR"]
