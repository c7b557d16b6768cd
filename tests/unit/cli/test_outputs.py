"""What commands tell beside the terminal."""

from pathlib import Path
from xml.etree import ElementTree

import pytest


def test_a_plan_is_written_as_junit_and_markdown_beside_the_terminal(runner, folder: Path) -> None:
    ended = runner("plan", "--offline", "--junit", "ci/plan.xml", "--markdown", "ci/plan.md")

    suites = ElementTree.parse(folder / "ci/plan.xml").getroot()
    assert "2 to create" in ended.out
    assert suites.get("tests") == "2"
    assert (folder / "ci/plan.md").read_text().startswith("### `season`: Plan: 2 to create.")


@pytest.mark.parametrize("option", ["--out", "--markdown", "--junit"])
@pytest.mark.parametrize("name", ["season.yaml", "episodes.csv", "state.db"])
def test_no_result_takes_the_place_of_a_manifest_a_table_or_a_state(
    runner, folder: Path, option: str, name: str
) -> None:
    (folder / "state.db").write_bytes(b"SQLite format 3\0 what is paid for")
    before = (folder / name).read_bytes()

    ended = runner("plan", "--offline", option, name)

    assert (ended.code, (folder / name).read_bytes()) == (64, before)
    assert f"{name} is " in ended.err


def test_a_saved_plan_takes_the_place_of_a_former_one(runner, folder: Path) -> None:
    runner("plan", "--offline", "--out", "plan.json")
    before = (folder / "plan.json").read_text()

    ended = runner("plan", "--offline", "--out", "plan.json")

    assert ended.code == 0
    assert (folder / "plan.json").read_text() != before


def test_a_summary_on_github_keeps_what_stands_in_it(
    runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = folder / "summary"
    summary.write_text("Before.\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    (folder / "other.yaml").write_text(
        (folder / "season.yaml").read_text().replace("name: season", "name: other")
    )

    runner("plan", "--offline", "-f", ".", "--markdown", str(summary))

    told = summary.read_text().splitlines()
    assert told[0] == "Before."
    assert [line for line in told if line.startswith("###")] == [
        "### `other`: Plan: 2 to create.",
        "### `season`: Plan: 2 to create.",
    ]


def test_the_markdown_of_an_offline_plan_says_that_nobody_was_asked(runner, folder: Path) -> None:
    runner("plan", "--offline", "--markdown", "plan.md")

    assert "- Offline: nobody was asked" in (folder / "plan.md").read_text()


def test_an_invalid_manifest_is_told_everywhere_too(runner, folder: Path) -> None:
    file = folder / "season.yaml"
    file.write_text(file.read_text().replace("dubformer.project", "dubformer.projct"))

    ended = runner("plan", "--offline", "--junit", "plan.xml", "--markdown", "plan.md", "--annotations")

    assert ended.code == 3
    assert "::error file=season.yaml,title=" in ended.err
    assert ElementTree.parse(folder / "plan.xml").getroot().get("failures") == "1"
    assert "1 problem" in (folder / "plan.md").read_text()


def test_a_problem_of_one_item_names_it(runner, folder: Path) -> None:
    (folder / "episodes.csv").write_text("id,minutes\ne1,10\ne2,junk\n")

    ended = runner("validate", "--annotations")

    assert "::error file=season.yaml,title=" in ended.err
    assert "for item `e2` (at episodes.csv:3:1)" in ended.err


@pytest.mark.parametrize(
    ("words", "shown"), [((), True), (("--no-annotations",), False), (("--json",), False)]
)
def test_annotations_are_there_by_themselves_on_github(
    runner, folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], shown: bool
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    file = folder / "season.yaml"
    file.write_text(file.read_text().replace("dubformer.project", "dubformer.projct"))

    assert ("::error " in runner("validate", *words).err) is shown


def test_a_run_is_written_when_it_has_ended(runner, folder: Path) -> None:
    ended = runner(
        "apply",
        "--sandbox=fresh",
        "--auto-approve",
        "--speed",
        "1200",
        "--junit",
        "run.xml",
        "--markdown",
        "run.md",
    )

    assert ended.code == 0
    assert ElementTree.parse(folder / "run.xml").getroot().attrib["failures"] == "0"
    assert "2 done" in (folder / "run.md").read_text()


def test_a_file_that_cannot_be_written_is_told(runner, folder: Path) -> None:
    (folder / "ci").write_text("a file, not a folder")

    ended = runner("validate", "--junit", "ci/x.xml")

    assert ended.code == 1
    assert "cannot be written" in ended.err
