"""Several manifests in one call, each with its own state and its own trouble."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest


@pytest.fixture
def two(runner, folder: Path):
    season = (folder / "season.yaml").read_text()
    (folder / "other.yaml").write_text(
        season.replace("name: season", "name: other").replace("out/", "other/")
    )
    return runner


def test_each_is_planned_in_the_order_in_which_they_are_named(two) -> None:
    ended = two("plan", "--offline", "-f", "season.yaml", "-f", "other.yaml")

    assert ended.code == 0
    assert ended.out.count("Plan: 2 to create.") == 2
    assert ended.err.index("== season.yaml ==") < ended.err.index("== other.yaml ==")


def test_a_folder_stands_for_its_manifests(two, folder: Path) -> None:
    (folder / "notes.yaml").write_text("just: notes\n")

    ended = two("validate", "-f", ".")

    assert [line for line in ended.out.splitlines() if "is valid" in line] == [
        "other.yaml is valid: 1 job, 2 instances.",
        "season.yaml is valid: 1 job, 2 instances.",
    ]


def test_a_folder_without_manifests_is_wrong_usage(two, folder: Path) -> None:
    (folder / "empty").mkdir()

    ended = two("validate", "-f", "empty")

    assert ended.code == 64
    assert "there is no manifest in empty" in ended.err


def test_ones_trouble_stays_its_own_and_the_worst_exit_code_is_told(two, folder: Path) -> None:
    (folder / "other.yaml").write_text("version: 1\njobs:\n  dub: {uses: nobody.knows}\n")

    ended = two("plan", "--offline", "-f", "other.yaml", "-f", "season.yaml")

    assert ended.code == 3
    assert "Plan: 2 to create." in ended.out


def test_one_file_never_takes_the_plans_of_several(two, folder: Path) -> None:
    ended = two("plan", "--offline", "-f", ".", "--out", "plan.json")

    assert ended.code == 64
    assert "--out saves the plan of one manifest" in ended.err
    assert not (folder / "plan.json").exists()


def test_manifests_of_one_file_name_have_results_of_their_own(two, folder: Path) -> None:
    for name in ("north", "south"):
        (folder / name).mkdir()
        for file in ("season.yaml", "episodes.csv"):
            (folder / name / file).write_text((folder / file).read_text())

    two("validate", "-f", "north", "-f", "south", "--junit", "all.xml")

    assert sorted(file.name for file in folder.glob("all*")) == [
        "all.north-season.xml",
        "all.south-season.xml",
    ]


def test_two_manifests_of_one_state_do_not_go_together(two, folder: Path) -> None:
    (folder / "copy.yaml").write_text((folder / "season.yaml").read_text())

    ended = two("plan", "--sandbox", "-f", "season.yaml", "-f", "copy.yaml")

    assert ended.code == 64
    assert "season.yaml and copy.yaml have one state" in ended.err


def test_each_has_its_own_state_and_files_of_results(two, folder: Path) -> None:
    ended = two(
        "apply",
        "-f",
        ".",
        "--sandbox=fresh",
        "--auto-approve",
        "--speed",
        "1200",
        "--junit",
        "run.xml",
        "--json",
    )

    assert ended.code == 0
    assert [json.loads(line)["type"] for line in ended.out.splitlines()].count("result") == 2
    assert (folder / ".runner/season.sandbox.db").exists()
    assert (folder / ".runner/other.sandbox.db").exists()
    names = [
        ElementTree.parse(folder / f"run.{name}.xml").getroot().get("name") for name in ("season", "other")
    ]
    assert names == ["runner season", "runner other"]
